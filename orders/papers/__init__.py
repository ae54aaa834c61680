"""Papers: what is printed of orders. A paper is made anew each time."""

from orders.papers.printing import PAPERS, Paper, Printed, print_orders, print_parcel

__all__ = ["PAPERS", "Paper", "Printed", "print_orders", "print_parcel"]

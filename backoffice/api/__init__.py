"""The ground of the REST door: what every app's endpoints stand on. It knows no product."""

"""Orders and parcels that were here before say since when they are in their state."""

from django.db import migrations
from django.db.models import F
from django.db.models.functions import Coalesce

from backoffice import sealed


def fill(apps, schema_editor):
    # Shipments were sealed until now; their triggers would refuse the update.
    sealed.drop_strays()
    order, shipment = apps.get_model("orders", "Order"), apps.get_model("orders", "Shipment")
    since = Coalesce("completed_at", "cancelled_at", "placed_at", "created_at")
    order._base_manager.update(state_since=since)
    order._base_manager.filter(is_held=True).update(held_since=F("updated_at"))
    shipment._base_manager.filter(left_at=None, status="left").update(left_at=F("at"))


class Migration(migrations.Migration):
    dependencies = [("orders", "0002_order_life")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]

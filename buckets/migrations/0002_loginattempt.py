"""Log-in attempts."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("buckets", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="LoginAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(db_index=True, max_length=150)),
                ("address", models.CharField(db_index=True, max_length=45)),
                ("at", models.DateTimeField(db_index=True)),
            ],
        ),
    ]

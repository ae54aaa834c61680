from itertools import islice

import backoffice.changes
import backoffice.ids
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


def carry_rows(apps, schema_editor):
    """Put what earlier imports staged into the new tables, run by run."""
    old_rows, rows, plans, findings = (
        apps.get_model("backoffice", name)
        for name in ("ImportRowBefore", "ImportRow", "ImportPlan", "ImportFinding")
    )
    for run in apps.get_model("backoffice", "ImportRun").objects.order_by("pk").iterator():
        run.layout = list(run.columns)
        run.choices = {"ignore_unknown": run.ignore_unknown}
        if run.state == "applied":
            run.applied = run.new + run.changed
        run.save(update_fields=["layout", "choices", "applied"])
        numbered = enumerate(old_rows.objects.filter(run=run).order_by("line", "pk").iterator(), 1)
        while some := list(islice(numbered, 1_000)):
            rows.objects.bulk_create(
                rows(
                    run=run, number=number, line=old.line, key=old.key,
                    cells=[old.cells.get(name) for name in run.layout],
                )
                for number, old in some
            )
            plans.objects.bulk_create(
                plans(
                    run=run, number=number, verdict=old.verdict, target_id=old.target_id,
                    changes=old.changes if old.verdict != "new" else None,
                )
                for number, old in some
                if old.verdict != "unchanged"
            )
            findings.objects.bulk_create(
                findings(
                    run=run, number=number, is_warning=is_warning, column=said["column"],
                    code=said["code"], message=said["message"], hint=said.get("hint", ""),
                )
                for number, old in some
                for is_warning, all_said in ((False, old.errors), (True, old.warnings))
                for said in all_said
            )
    if schema_editor.connection.vendor == "postgresql":
        # A table whose rows still wait for a check cannot be altered.
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):

    dependencies = [
        ('backoffice', '0002_order_life'),
    ]

    operations = [
        migrations.RenameModel("ImportRow", "ImportRowBefore"),
        migrations.AlterModelOptions(
            name='importrun',
            options={'default_permissions': ('view',), 'ordering': ['-id'], 'permissions': [('undo_importrun', 'Can take back what others imported')], 'verbose_name': 'import', 'verbose_name_plural': 'imports'},
        ),
        migrations.AddField(
            model_name='importrun',
            name='applied',
            field=models.PositiveIntegerField(default=0, verbose_name='applied'),
        ),
        migrations.AddField(
            model_name='importrun',
            name='choices',
            field=models.JSONField(blank=True, default=dict, editable=False, verbose_name='choices'),
        ),
        migrations.AddField(
            model_name='importrun',
            name='corrections',
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name='importrun',
            name='fingerprint',
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name='importrun',
            name='job',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='import_runs', to='backoffice.job', verbose_name='job'),
        ),
        migrations.AddField(
            model_name='importrun',
            name='layout',
            field=models.JSONField(blank=True, default=list, editable=False),
        ),
        migrations.AddField(
            model_name='importrun',
            name='left_out',
            field=models.PositiveIntegerField(default=0, verbose_name='left out'),
        ),
        migrations.AddField(
            model_name='importrun',
            name='plan_number',
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='importrun',
            name='undoes',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='undone_by', to='backoffice.importrun', verbose_name='takes back'),
        ),
        migrations.AddField(
            model_name='importrun',
            name='warned',
            field=models.PositiveIntegerField(default=0, verbose_name='with a warning'),
        ),
        migrations.AlterField(
            model_name='importrun',
            name='recipe',
            field=models.CharField(blank=True, max_length=60, verbose_name='format'),
        ),
        migrations.AlterField(
            model_name='importrun',
            name='state',
            field=models.CharField(choices=[('received', 'Being read'), ('mapping', 'Columns to assign'), ('validated', 'Waiting'), ('asked', 'Waiting for a second person'), ('running', 'Being applied'), ('applied', 'Applied'), ('refused', 'Nothing applied'), ('failed', 'Failed'), ('discarded', 'Discarded'), ('expired', 'Expired')], default='received', editable=False, max_length=12, verbose_name='state'),
        ),
        migrations.CreateModel(
            name='HistoricalImportRecipe',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=backoffice.changes.moment, editable=False, verbose_name='created')),
                ('uuid', models.UUIDField(default=backoffice.ids.uuid7, editable=False, verbose_name='public id')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                ('sheet', models.CharField(max_length=40, verbose_name='sheet')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('supplier', models.CharField(blank=True, max_length=80, verbose_name='supplier')),
                ('fingerprint', models.CharField(blank=True, editable=False, max_length=64)),
                ('content', models.JSONField(default=dict, verbose_name='content')),
                ('is_archived', models.BooleanField(default=False, verbose_name='archived')),
                ('history_user_id', models.UUIDField(editable=False, null=True)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField()),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('step', models.CharField(blank=True, default='', editable=False, max_length=40)),
                ('change_set', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='backoffice.changeset')),
                ('owner', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='made by')),
            ],
            options={
                'verbose_name': 'historical recipe',
                'verbose_name_plural': 'historical recipes',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'default_permissions': (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='ImportFinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('phase', models.CharField(choices=[('read', 'while reading'), ('plan', 'while planning'), ('apply', 'while writing')], default='plan', max_length=5)),
                ('is_warning', models.BooleanField(default=False)),
                ('is_form', models.BooleanField(default=False)),
                ('field', models.CharField(blank=True, max_length=60)),
                ('column', models.CharField(blank=True, max_length=200, verbose_name='column')),
                ('code', models.CharField(max_length=60)),
                ('message', models.TextField()),
                ('hint', models.TextField(blank=True)),
                ('raw', models.TextField(blank=True)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='findings', to='backoffice.importrun')),
            ],
            options={
                'verbose_name': 'finding',
                'verbose_name_plural': 'findings',
                'ordering': ['number', 'id'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='ImportPlan',
            fields=[
                ('pk', models.CompositePrimaryKey('run_id', 'number', blank=True, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('verdict', models.CharField(choices=[('new', 'New'), ('changed', 'Changed'), ('unchanged', 'Unchanged'), ('refused', 'Refused')], max_length=10, verbose_name='verdict')),
                ('target_id', models.BigIntegerField(null=True)),
                ('changes', models.JSONField(null=True)),
                ('made', models.CharField(blank=True, default='', max_length=255)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='plan', to='backoffice.importrun')),
            ],
            options={
                'verbose_name': 'planned row',
                'verbose_name_plural': 'planned rows',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='ImportRecipe',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_index=True, default=backoffice.changes.moment, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(auto_now=True, db_index=True, verbose_name='updated')),
                ('uuid', models.UUIDField(default=backoffice.ids.uuid7, editable=False, unique=True, verbose_name='public id')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                ('sheet', models.CharField(max_length=40, verbose_name='sheet')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('supplier', models.CharField(blank=True, max_length=80, verbose_name='supplier')),
                ('fingerprint', models.CharField(blank=True, editable=False, max_length=64)),
                ('content', models.JSONField(default=dict, verbose_name='content')),
                ('is_archived', models.BooleanField(default=False, verbose_name='archived')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='import_recipes', to=settings.AUTH_USER_MODEL, verbose_name='made by')),
            ],
            options={
                'verbose_name': 'recipe',
                'verbose_name_plural': 'recipes',
                'ordering': ['name'],
                'default_permissions': ('view',),
                'base_manager_name': 'objects',
            },
        ),
        migrations.CreateModel(
            name='ImportRow',
            fields=[
                ('pk', models.CompositePrimaryKey('run_id', 'number', blank=True, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('line', models.PositiveIntegerField(verbose_name='line')),
                ('key', models.CharField(blank=True, max_length=100, verbose_name='key')),
                ('cells', models.JSONField(default=list)),
                ('is_left_out', models.BooleanField(default=False, verbose_name='left out')),
                ('is_settled', models.BooleanField(default=False, verbose_name='settled')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='backoffice.importrun')),
            ],
            options={
                'verbose_name': 'import row',
                'verbose_name_plural': 'import rows',
                'ordering': ['number'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='ImportTerm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('field', models.CharField(max_length=60)),
                ('text', models.TextField()),
                ('target_id', models.BigIntegerField(null=True)),
                ('target_ids', models.TextField(null=True)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='terms', to='backoffice.importrun')),
            ],
            options={
                'verbose_name': 'term',
                'verbose_name_plural': 'terms',
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='historicalimportrecipe',
            index=models.Index(fields=['id', '-history_id'], name='back_importrecipe_h_object'),
        ),
        migrations.AddIndex(
            model_name='historicalimportrecipe',
            index=models.Index(fields=['history_date', 'history_id'], name='back_importrecipe_h_date'),
        ),
        migrations.AddIndex(
            model_name='importfinding',
            index=models.Index(fields=['run', 'number'], name='import_finding_row'),
        ),
        migrations.AddIndex(
            model_name='importplan',
            index=models.Index(fields=['run', 'verdict', 'number'], name='import_plan_tab'),
        ),
        migrations.AddConstraint(
            model_name='importrecipe',
            constraint=models.UniqueConstraint(condition=models.Q(('is_archived', False)), fields=('sheet', 'name'), name='import_recipe_name_unique'),
        ),
        migrations.AddIndex(
            model_name='importterm',
            index=models.Index(fields=['run', 'field'], name='import_term_field'),
        ),
        migrations.RunPython(carry_rows, migrations.RunPython.noop, elidable=True),
        migrations.RemoveField(
            model_name='importrun',
            name='ignore_unknown',
        ),
        migrations.DeleteModel(
            name='ImportRowBefore',
        ),
    ]

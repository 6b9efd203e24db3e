import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import jobs.models


class Migration(migrations.Migration):

    dependencies = [
        ('policy', '0008_promise_confirmation'),
        ('screening', '0012_laws'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DealParty',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('customer', 'Customer'), ('end_user', 'End user'), ('reseller', 'Reseller'), ('integrator', 'Integrator'), ('partner', 'Partner'), ('consignee', 'Consignee'), ('payer', 'Payer'), ('operator', 'Operator of the system'), ('other', 'Other part')], max_length=10)),
                ('name', models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name='Easing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('take_back', 'Take back'), ('cleared_match', 'Cleared match'), ('split', 'Split'), ('apart', 'Not the same')], max_length=16)),
                ('hits_text', models.TextField(default='[]')),
                ('because', models.TextField()),
                ('source', models.CharField(blank=True, max_length=200)),
                ('source_date', models.DateField(null=True)),
                ('review_by', models.DateField(null=True)),
                ('asked_at', models.DateTimeField(db_default=jobs.models.Clock())),
            ],
        ),
        migrations.CreateModel(
            name='EasingWord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('agrees', models.BooleanField()),
                ('because', models.TextField()),
                ('said_at', models.DateTimeField(db_default=jobs.models.Clock())),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='Party',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200)),
                ('country', models.CharField(blank=True, max_length=10)),
                ('name', models.TextField()),
                ('created_at', models.DateTimeField(db_default=jobs.models.Clock())),
            ],
        ),
        migrations.CreateModel(
            name='PartyFinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fact', models.CharField(choices=[('end_user_type', 'Kind of body'), ('adverse_info', 'Misuse'), ('agency_access', 'Acts for an intelligence agency'), ('state_owned', 'Owned or controlled by a state'), ('country_risk', 'Country risk'), ('export_control', 'Export control'), ('legal_basis_status', 'Legal basis'), ('law_conflict', 'Conflict of law'), ('fact_conflict', 'Contradiction')], max_length=40)),
                ('value_text', models.TextField()),
                ('products_text', models.TextField(default='[]')),
                ('because', models.TextField()),
                ('source', models.CharField(max_length=200)),
                ('source_date', models.DateField(null=True)),
                ('review_by', models.DateField(null=True)),
                ('ruled_at', models.DateTimeField(db_default=jobs.models.Clock())),
            ],
        ),
        migrations.CreateModel(
            name='PartyIdentifier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(choices=[('lei', 'Legal Entity Identifier (LEI)'), ('register', 'Number in a register of companies')], max_length=10)),
                ('value', models.CharField(max_length=60)),
            ],
        ),
        migrations.CreateModel(
            name='PartyMerge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('because', models.TextField()),
                ('merged_at', models.DateTimeField(db_default=jobs.models.Clock())),
            ],
        ),
        migrations.AlterField(
            model_name='factruling',
            name='ruled_at',
            field=models.DateTimeField(db_default=jobs.models.Clock()),
        ),
        migrations.AddField(
            model_name='dealparty',
            name='deal',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='screening.deal'),
        ),
        migrations.AddField(
            model_name='dealparty',
            name='revision',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='screening.dealrevision'),
        ),
        migrations.AddField(
            model_name='easing',
            name='asked_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='easing',
            name='registry',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='policy.referenceversion'),
        ),
        migrations.AddField(
            model_name='easing',
            name='ruling',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='easings', to='screening.factruling'),
        ),
        migrations.AddField(
            model_name='easingword',
            name='easing',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='words', to='screening.easing'),
        ),
        migrations.AddField(
            model_name='easingword',
            name='said_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='party',
            name='parent',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='screening.party'),
        ),
        migrations.AddField(
            model_name='easing',
            name='other',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='screening.party'),
        ),
        migrations.AddField(
            model_name='easing',
            name='party',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='easings', to='screening.party'),
        ),
        migrations.AddField(
            model_name='dealparty',
            name='party',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='screening.party'),
        ),
        migrations.AddField(
            model_name='partyfinding',
            name='deal',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='screening.deal'),
        ),
        migrations.AddField(
            model_name='partyfinding',
            name='party',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='screening.party'),
        ),
        migrations.AddField(
            model_name='partyfinding',
            name='ruled_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='partyfinding',
            name='ruling',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='screening.factruling'),
        ),
        migrations.AddField(
            model_name='easing',
            name='finding',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='easings', to='screening.partyfinding'),
        ),
        migrations.AddField(
            model_name='partyidentifier',
            name='party',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='identifiers', to='screening.party'),
        ),
        migrations.AddField(
            model_name='partymerge',
            name='gone',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='merged_into', to='screening.party'),
        ),
        migrations.AddField(
            model_name='partymerge',
            name='into',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='merged', to='screening.party'),
        ),
        migrations.AddField(
            model_name='partymerge',
            name='merged_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='easing',
            name='merge',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='easings', to='screening.partymerge'),
        ),
        migrations.AddConstraint(
            model_name='easingword',
            constraint=models.UniqueConstraint(fields=('easing', 'agrees'), name='easing_word_once'),
        ),
        migrations.AddConstraint(
            model_name='party',
            constraint=models.UniqueConstraint(fields=('key', 'country'), name='party_once'),
        ),
        migrations.AddConstraint(
            model_name='dealparty',
            constraint=models.UniqueConstraint(fields=('revision', 'party', 'role'), name='part_once'),
        ),
        migrations.AddConstraint(
            model_name='partyfinding',
            constraint=models.UniqueConstraint(condition=models.Q(('ruling', None), _negated=True), fields=('ruling', 'party'), name='ruling_once_per_party'),
        ),
        migrations.AddIndex(
            model_name='partyidentifier',
            index=models.Index(fields=['scheme', 'value'], name='identifier_value'),
        ),
        migrations.AddConstraint(
            model_name='partyidentifier',
            constraint=models.UniqueConstraint(fields=('party', 'scheme', 'value'), name='identifier_once'),
        ),
        migrations.AddConstraint(
            model_name='partymerge',
            constraint=models.CheckConstraint(condition=models.Q(('gone', models.F('into')), _negated=True), name='merge_of_two'),
        ),
        migrations.AddConstraint(
            model_name='easing',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'take_back'), ('merge', None), ('other', None), ('party', None), models.Q(models.Q(('finding__isnull', False), ('ruling', None)), models.Q(('finding', None), ('ruling__isnull', False)), _connector='OR')), models.Q(('finding', None), ('kind', 'cleared_match'), ('merge', None), ('other', None), ('party__isnull', False), ('registry__isnull', False), ('review_by__isnull', False), ('ruling', None)), models.Q(('finding', None), ('kind', 'split'), ('merge__isnull', False), ('other', None), ('party', None), ('ruling', None)), models.Q(('finding', None), ('kind', 'apart'), ('merge', None), ('other__isnull', False), ('party__isnull', False), ('ruling', None)), _connector='OR'), name='easing_of_one_thing'),
        ),
    ]

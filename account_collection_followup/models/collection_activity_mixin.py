from odoo import api, models

from .collection_fact import internal


class CollectionActivityMixin(models.AbstractModel):
    """A fact that waits on somebody's to-do list, with Odoo's own activities.

    What inherits it says in :meth:`_prepare_activities` which activities a record has now.
    :meth:`_activity_update` is the only place that makes them so: created, moved, given to
    another user, or dropped. In batch, and without an e-mail per activity.
    """

    _name = 'collection.activity.mixin'
    _description = "On a To-do List"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    # who may read the record may answer on it
    _mail_post_access = 'read'

    #: fields the activities follow from
    _activity_fields = frozenset({'state', 'user_id'})

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._activity_update()
        return records

    def write(self, vals):
        result = super().write(vals)
        if self._activity_fields.intersection(vals):
            self._activity_update()
        return result

    def _mail_get_partner_fields(self, introspect_fields=False):
        # EXTENDS mail: these chatters are internal, nobody of the customer is proposed as a reader
        return []

    @api.model
    def _get_activity_types(self):
        """:return: ``mail.activity.type`` that :meth:`_activity_update` looks after"""
        return (
            self.env['mail.activity.type']
            .sudo()
            .with_context(active_test=False)
            .search([('res_model', '=', self._name)])
        )

    def _prepare_activities(self):
        """What has to be done about a record now, asked as superuser.

        :return: list of values, at most one per user: ``user_id``, ``date_deadline``, ``activity_type_id``
        """
        self.ensure_one()
        return []

    def _get_wanted_activities(self):
        """:return: dict {record: what :meth:`_prepare_activities` gives}, for models that know it of many at once"""
        return {record: record._prepare_activities() for record in self}

    def _get_activities(self, active=True):
        """:return: the activities of these records that were made by :meth:`_activity_update`, with its rights"""
        return (
            internal(self.env['mail.activity'].sudo())
            .with_context(active_test=False, mail_activity_quick_update=True)
            .search(
                [
                    ('res_model', '=', self._name),
                    ('res_id', 'in', self.ids),
                    ('automated', '=', True),
                    ('active', '=', active),
                    ('activity_type_id', 'in', self._get_activity_types().ids),
                ]
            )
        )

    def _activity_update(self):
        """Bring the activities of these records in line with what the records say now."""
        if self.env.context.get('mail_activity_automation_skip') or not self:
            return
        existing = self._get_activities()
        by_record, wanted = existing.grouped('res_id'), self.sudo()._get_wanted_activities()
        model_id = self.env['ir.model'].sudo()._get_id(self._name)
        missing, superfluous = [], existing.browse()
        for record in self.sudo():
            pairs, left = self._match_activities(wanted.get(record, ()), by_record.get(record.id, existing.browse()))
            superfluous |= left
            for activity, vals in pairs:
                vals = self._prepare_words(vals)
                if activity:
                    activity._collection_adjust(dict(vals, res_name=record.display_name))
                else:
                    missing.append(
                        {
                            'res_model_id': model_id,
                            'res_id': record.id,
                            'res_name': record.display_name,
                            'automated': True,
                            **vals,
                        }
                    )
        superfluous.unlink()
        existing.create(missing)

    @api.model
    def _prepare_words(self, vals):
        """:return: the values with a summary, in the language of who has to do it: the chatter shows no other name"""
        if vals.get('summary'):
            return vals
        user = self.env['res.users'].sudo().browse(vals['user_id'])
        kind = self.env['mail.activity.type'].sudo().browse(vals['activity_type_id'])
        return dict(vals, summary=kind.with_context(lang=user.lang or self.env.lang).name)

    @api.model
    def _match_activities(self, wanted, activities):
        """Who has his activity keeps it; one that is left over goes to who has none.

        :return: list of (activity or empty, values), activities nobody needs
        """
        pairs, without = [], []
        for vals in wanted:
            own = activities.filtered(lambda activity, vals=vals: activity.user_id.id == vals['user_id'])[:1]
            activities -= own
            (pairs if own else without).append((own, vals))
        for _own, vals in without:
            pairs.append((activities[:1], vals))
            activities = activities[1:]
        return pairs, activities

    def _activity_done(self, feedback=False):
        """The work the activities ask for is done: they are kept as done, with what came out of it."""
        self._get_activities()._action_done(feedback=feedback)

from odoo import api, models


class CollectionDialog(models.AbstractModel):
    """A dialog about records of the desk shows nobody more than these records do.

    What a dialog takes over from its records is read as superuser, and a dialog can be made for any record by a
    crafted call. So whoever makes, changes or fills in one must be able to read what it is about.
    """

    _name = 'collection.dialog'
    _description = "Dialog"

    @api.model
    def _get_targets(self, values):
        """:return: list of records that values name and their user must be able to read"""
        targets = []
        for name, value in values.items():
            field = self._fields.get(name)
            if field and field.type == 'many2one' and value and self._is_of_desk(field.comodel_name):
                record_id = value.get('id') if isinstance(value, dict) else value
                targets.append(self.env[field.comodel_name].browse(record_id))
        return targets

    @api.model
    def _is_of_desk(self, model):
        return model.startswith('collection.') and not self.env[model]._transient

    @api.model
    def _check_targets(self, values):
        """:raise AccessError: if the dialog, or one of its lines, is about something the user may not read"""
        if self.env.su:
            return
        for target in self._get_targets(values):
            target.check_access('read')
        for name, commands in values.items():
            field = self._fields.get(name)
            if field and field.type == 'one2many' and hasattr(self.env[field.comodel_name], '_check_targets'):
                for command in commands or ():
                    if len(command) > 2 and isinstance(command[2], dict):
                        self.env[field.comodel_name]._check_targets(command[2])

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        self._check_targets(values)
        return values

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_targets(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_targets(vals)
        return super().write(vals)

    def onchange(self, values, field_names, fields_spec):
        self._check_targets(values)
        return super().onchange(values, field_names, fields_spec)

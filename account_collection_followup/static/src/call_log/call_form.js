import { _t } from "@web/core/l10n/translation";
import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";
import { useHotkey } from "@web/core/hotkeys/hotkey_hook";
import { useService } from "@web/core/utils/hooks";
import { serializeDate, serializeDateTime } from "@web/core/l10n/dates";
import { FormController } from "@web/views/form/form_controller";
import { formView } from "@web/views/form/form_view";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { Component, onMounted, onWillUnmount, useSubEnv } from "@odoo/owl";

const PAUSE = 800;

/** @returns {Object} what the user sees in a record, as the server takes it */
export function getTypedValues(record) {
    const values = {};
    for (const name of Object.keys(record.activeFields)) {
        const { type } = record.fields[name];
        const value = record.data[name];
        if (type === "one2many") {
            values[name] = value.records.map(getTypedValues);
        } else if (type === "many2one") {
            values[name] = value ? value.id : false;
        } else if (type === "date") {
            values[name] = value ? serializeDate(value) : false;
        } else if (type === "datetime") {
            values[name] = value ? serializeDateTime(value) : false;
        } else if (type !== "many2many") {
            values[name] = value;
        }
    }
    return values;
}

/**
 * The dialog of a call: nothing typed is lost, whichever way it is closed, and Ctrl+Enter saves.
 */
export class CollectionCallFormController extends FormController {
    setup() {
        super.setup();
        this.touched = false;
        this.notification = useService("notification");
        useSubEnv({ keepCallDraft: () => this.keepDraft() });
        useHotkey("control+enter", () => this.clickSave(), { bypassEditableProtection: true });
        this.onInput = this.onInput.bind(this);
        onMounted(() => {
            // the dialog's body: text that is being typed reaches the record only when the field is left
            this.rootRef.el.addEventListener("input", this.onInput);
        });
        onWillUnmount(() => {
            browser.clearTimeout(this.timer);
            this.rootRef.el?.removeEventListener("input", this.onInput);
            this.keepDraft();
        });
    }

    get modelParams() {
        const params = super.modelParams;
        params.hooks.onRecordChanged = () => this.touch();
        return params;
    }

    onInput(ev) {
        // a date opens its calendar when it gets the cursor
        this.lastTyped = ev.target.matches("textarea, .o_field_char input") ? ev.target : this.lastTyped;
        this.touch();
    }

    touch() {
        this.touched = true;
        browser.clearTimeout(this.timer);
        this.timer = browser.setTimeout(() => this.keepDraft(), PAUSE);
    }

    /** @returns {Object|undefined} what was typed since it was last kept, with the text of the field the cursor is in */
    takeTyped() {
        const record = this.model.root;
        if (!this.touched || !record.data.case_id) {
            return;
        }
        this.touched = false;
        const values = getTypedValues(record);
        const typing = this.rootRef.el?.querySelector("textarea:focus, input[type=text]:focus");
        const name = typing?.closest(".o_field_widget")?.getAttribute("name");
        if (name && ["char", "text"].includes(record.fields[name]?.type)) {
            values[name] = typing.value;
        }
        const step = typing?.closest("[data-step]")?.dataset.step;
        const answer = record.data.answer_ids?.records.findIndex(({ id }) => id === step);
        if (step && answer >= 0) {
            values.answer_ids[answer].note = typing.value;
        }
        return values;
    }

    /** Hand over what was typed. */
    async keepDraft() {
        const values = this.takeTyped();
        if (values) {
            await this.orm.silent.call("collection.call.log", "keep_draft", [this.model.root.data.case_id.id, values]);
        }
    }

    clickSave() {
        const dialog = this.rootRef.el.closest(".modal") || document;
        dialog.querySelector("button[name=action_save]:not([disabled])")?.click();
    }

    /** @returns {Array} what is shown, required and empty: its name for the user, and where it is typed */
    getMissing() {
        const record = this.model.root;
        return Object.keys(record.activeFields)
            .filter((name) => record.isFieldInvalid(name))
            .map((name) => {
                const widget = this.rootRef.el.querySelector(`.o_field_widget[name="${name}"]`);
                const input = widget?.querySelector("input, textarea, button");
                const label = input?.id && this.rootRef.el.querySelector(`label[for="${CSS.escape(input.id)}"]`);
                return { name, input, label: label?.firstChild?.textContent.trim() || record.fields[name].string };
            });
    }

    /** Say what is missing by its name, and go there. */
    showMissing(missing) {
        const result = missing.find(({ name }) => name === "result");
        const labels = missing.map(({ label }) => label).join(", ");
        this.notification.add(result ? _t("Choose what came out of the call.") : _t("Still missing: %s.", labels), {
            type: "danger",
        });
        const { input } = result || missing[0];
        input?.focus({ preventScroll: true });
        input?.scrollIntoView({ block: "center", behavior: "smooth" });
    }

    /** The button that was pressed is out of use while the server works: the cursor goes back to what was typed last. */
    returnFocus() {
        const note = this.rootRef.el?.querySelector("[name=note] textarea");
        const last = this.lastTyped?.isConnected ? this.lastTyped : note;
        last?.focus({ preventScroll: true });
    }

    async beforeExecuteActionButton(clickParams) {
        if (clickParams.special !== "cancel" && !(await this.model.root.checkValidity())) {
            this.showMissing(this.getMissing());
            return false;
        }
        browser.clearTimeout(this.timer);
        // what is in the field one is typing in belongs to the draft as well
        await this.keepDraft();
        if (clickParams.special === "cancel") {
            return super.beforeExecuteActionButton(clickParams);
        }
        const saved = await super.beforeExecuteActionButton(clickParams);
        this.returnFocus();
        if (saved !== false) {
            // the server forgets the draft with the call it was for
            this.touched = false;
            browser.clearTimeout(this.timer);
        }
        return saved;
    }

    async beforeLeave() {
        return this.keepDraft();
    }

    async beforeUnload() {
        const values = this.takeTyped();
        if (values) {
            // a usual call may be cut off while the page goes
            const [model, method] = ["collection.call.log", "keep_draft"];
            const params = { model, method, args: [this.model.root.data.case_id.id, values], kwargs: {} };
            const body = JSON.stringify({ jsonrpc: "2.0", method: "call", params });
            navigator.sendBeacon(`/web/dataset/call_kw/${model}/${method}`, new Blob([body], { type: "application/json" }));
        }
    }
}

registry.category("views").add("collection_call_form", {
    ...formView,
    Controller: CollectionCallFormController,
});

/** Says that what is shown was typed before, and lets one start over. */
export class CollectionDraft extends Component {
    static template = "account_collection_followup.Draft";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.title = _t("Start over");
    }

    async startOver() {
        const { record } = this.props;
        await this.orm.call("collection.call.log", "keep_draft", [record.data.case_id.id, {}]);
        await record.model.load({ resId: false });
    }
}

registry.category("view_widgets").add("collection_draft", {
    component: CollectionDraft,
    fieldDependencies: [
        { name: "draft_text", type: "char" },
        { name: "case_id", type: "many2one", relation: "collection.case" },
    ],
});

/** What is missing of the customer's file, with the way to complete it while one talks: the call comes back after. */
export class CollectionFile extends Component {
    static template = "account_collection_followup.File";
    static props = { ...standardWidgetProps };

    setup() {
        this.title = _t("Complete");
    }

    get gaps() {
        return this.props.record.data.file_gaps.split("\n");
    }

    async complete() {
        const { data } = this.props.record;
        // not by hook: this dialog is gone when the other one closes
        const { action } = this.env.services;
        const additionalContext = {
            default_case_id: data.case_id.id,
            default_call_id: data.call_id ? data.call_id.id : false,
            default_purpose: data.purpose,
        };
        const title = document.querySelector(".modal:not(.o_inactive_modal) .modal-title")?.textContent;
        await this.env.keepCallDraft();
        // a dialog that takes the place of another keeps the other's end: this one is closed first
        await action.doAction({ type: "ir.actions.act_window_close" });
        // what follows a dialog has to wait until it is gone
        const after = (next) => () => browser.setTimeout(next);
        const reload = after(() => action.doAction({ type: "ir.actions.client", tag: "soft_reload" }));
        const reopen = async () => {
            const call = await action.loadAction("account_collection_followup.collection_call_log_action");
            return action.doAction({ ...call, name: title || call.name }, { additionalContext, onClose: reload });
        };
        await action.doAction(
            {
                type: "ir.actions.act_window",
                res_model: "collection.contact.check",
                name: _t("Contacts and circuit"),
                target: "new",
                views: [[false, "form"]],
                context: {
                    default_partner_id: data.partner_id.id,
                    default_company_id: data.company_id.id,
                    dialog_size: "large",
                },
            },
            {
                onClose: after(reopen),
            }
        );
    }
}

registry.category("view_widgets").add("collection_file", {
    component: CollectionFile,
    fieldDependencies: [
        { name: "file_percent", type: "integer" },
        { name: "file_gaps", type: "text" },
        { name: "partner_id", type: "many2one", relation: "res.partner" },
        { name: "company_id", type: "many2one", relation: "res.company" },
        { name: "call_id", type: "many2one", relation: "collection.call" },
        { name: "purpose", type: "selection" },
        { name: "case_id", type: "many2one", relation: "collection.case" },
    ],
});

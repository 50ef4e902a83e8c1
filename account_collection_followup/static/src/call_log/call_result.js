import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { Component, useRef } from "@odoo/owl";

const DRAWN = 100;
const NOT_REACHED = ["absent", "voicemail", "wrong_number"];

/**
 * How a call ended: every answer is a button that the keyboard reaches, Alt with its digit chooses it.
 */
export class CollectionResult extends Component {
    static template = "account_collection_followup.Result";
    static props = { ...standardFieldProps };

    setup() {
        this.root = useRef("root");
    }

    get groups() {
        const { data, fields } = this.props.record;
        const satisfaction = data.purpose === "satisfaction";
        const offered = fields[this.props.name].selection.filter(([value]) => satisfaction || value !== "all_well");
        const reached = offered.filter(([value]) => !NOT_REACHED.includes(value));
        if (satisfaction) {
            reached.sort(([a], [b]) => (b === "all_well") - (a === "all_well"));
        }
        return [
            { name: "reached", label: _t("Reached"), options: this.prepare(reached, "") },
            {
                name: "not_reached",
                label: _t("Nobody reached"),
                options: this.prepare(offered.filter(([value]) => NOT_REACHED.includes(value)), "shift+"),
            },
        ];
    }

    prepare(options, prefix) {
        return options.map(([value, label], index) => ({
            value,
            label,
            hotkey: index < 10 ? `${prefix}${(index + 1) % 10}` : undefined,
        }));
    }

    async choose(value) {
        if (this.props.readonly) {
            return;
        }
        const chosen = this.props.record.data[this.props.name] === value ? false : value;
        await this.props.record.update({ [this.props.name]: chosen });
        if (chosen) {
            // on to what this result asks for, once it is drawn
            browser.setTimeout(() => this.showDetails(), DRAWN);
        }
    }

    showDetails() {
        const talk = this.root.el?.closest(".o_collection_call_talk");
        const fields = talk?.querySelectorAll(
            ".o_collection_call_details input, .o_collection_call_details textarea, [name=note] textarea"
        );
        const first = [...(fields || [])].find((field) => field.offsetParent && !["checkbox", "radio"].includes(field.type));
        first?.focus({ preventScroll: true });
        talk?.querySelector(".o_collection_call_details")?.scrollIntoView({ block: "nearest", behavior: "smooth" });
    }
}

registry.category("fields").add("collection_result", {
    component: CollectionResult,
    displayName: _t("Result of a call"),
    supportedTypes: ["selection"],
    isEmpty: (record, name) => !record.data[name],
    fieldDependencies: [{ name: "purpose", type: "selection" }],
});

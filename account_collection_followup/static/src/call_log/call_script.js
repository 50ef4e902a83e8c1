import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { Component, useEffect, useRef, useState } from "@odoo/owl";

/**
 * The thread of a call, one line after the other: what to say, what to ask with its answers as buttons, and below what
 * customers say to put one off, each with the question to ask back.
 *
 * Keys: 1, 2, 3 answer the question one is at, Enter goes on.
 */
export class CollectionScript extends Component {
    static template = "account_collection_followup.Script";
    static props = { ...standardFieldProps };

    setup() {
        this.root = useRef("root");
        this.state = useState({ at: 0, evasive: false, joined: false });
        this.follow = false;
        useEffect(
            () => {
                if (this.follow) {
                    this.follow = false;
                    const step = this.root.el?.querySelector(".o_collection_step.o_current");
                    (step?.querySelector(".o_collection_answer") || step?.querySelector("button"))?.focus();
                }
            },
            () => [this.state.at]
        );
        this.choices = { yes: _t("Yes"), no: _t("No"), na: _t("Does not apply") };
    }

    get lines() {
        return this.props.record.data[this.props.name].records;
    }

    /** @returns {Array} the steps that are to be shown now: gated ones once all is well */
    get steps() {
        const open = this.isAllWell;
        return this.lines.filter(({ data }) => data.kind !== "evasive" && !data.joined && (!data.gated || open));
    }

    get joined() {
        return this.lines.filter(({ data }) => data.joined);
    }

    get evasive() {
        return this.lines.filter(({ data }) => data.kind === "evasive");
    }

    get isAllWell() {
        const questions = this.lines.filter(({ data }) => data.kind === "ask" && !data.gated && !data.joined);
        return questions.every(({ data }) => ["yes", "na"].includes(data.choice));
    }

    get said() {
        return this.evasive.find((line) => line.id === this.state.evasive);
    }

    get canLead() {
        const { fields } = this.props.record;
        const target = this.said?.data.leads_to;
        return target && fields.result.selection.find(([value]) => value === target);
    }

    isDone(index) {
        const { data } = this.steps[index];
        return data.kind === "ask" ? Boolean(data.choice) : index < this.state.at;
    }

    getAnswers(line) {
        return line.data.can_skip ? ["yes", "no", "na"] : ["yes", "no"];
    }

    showsNote(line, index) {
        const wanted = line.data.wants_note && index === this.state.at;
        return line.data.choice === "no" || wanted || Boolean(line.data.note);
    }

    goTo(index) {
        this.follow = true;
        this.state.at = Math.min(index, this.steps.length - 1);
    }

    async answer(line, choice, index) {
        await line.update({ choice: line.data.choice === choice ? false : choice });
        if (index === undefined || !line.data.choice) {
            return;
        }
        this.state.at = index;
        if (this.showsNote(line, index)) {
            const row = this.root.el.querySelector(`[data-step="${line.id}"]`);
            requestAnimationFrame(() => row?.querySelector("input")?.focus());
        } else {
            this.goTo(index + 1);
        }
    }

    note(line, ev) {
        return line.update({ note: ev.target.value.trim() || false });
    }

    onKeydown(ev, line, index) {
        if (ev.target.tagName === "INPUT") {
            if (ev.key === "Enter" && !ev.ctrlKey) {
                ev.preventDefault();
                ev.stopPropagation();
                ev.target.blur();
                this.goTo(index + 1);
            }
            return;
        }
        const choice = this.getAnswers(line)[parseInt(ev.key, 10) - 1];
        if (line.data.kind === "ask" && choice && !ev.altKey && !ev.ctrlKey) {
            ev.preventDefault();
            this.answer(line, choice, index);
        }
    }

    async hear(line) {
        const again = this.state.evasive === line.id;
        this.state.evasive = again ? false : line.id;
        await line.update({ choice: again ? false : "yes" });
    }

    lead() {
        this.props.record.update({ result: this.said.data.leads_to });
    }
}

registry.category("fields").add("collection_script", {
    component: CollectionScript,
    displayName: _t("Script of a call"),
    supportedTypes: ["one2many"],
    useSubView: true,
});

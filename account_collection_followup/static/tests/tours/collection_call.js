import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");
const CUSTOMER = ".o_data_row:contains('Tour customer')";
const DIALOG = ".modal .o_collection_call";
const NO_DIALOG = "body:not(:has(.modal))";

function step(title) {
    return `${DIALOG} .o_collection_step:contains('${title}')`;
}

function openFromWorklist() {
    return [
        { content: "the customer", trigger: `${CUSTOMER} td[name=partner_id]`, run: "click" },
        { content: "log a call", trigger: "button[name=action_log_call]:contains('Log a call')", run: "click" },
        { content: "the script", trigger: step("Introduce yourself") },
    ];
}

// A collector talks and types: the whole call without the mouse.
tours.add("collection_call_keyboard", {
    url: "/odoo/worklist",
    steps: () => [
        ...openFromWorklist(),
        {
            content: "on to the question",
            trigger: `${step("Introduce yourself")} .o_collection_next`,
            run: (helpers) => {
                helpers.anchor.focus();
                helpers.press("Enter");
            },
        },
        { content: "one is at the question", trigger: `${step("Is this the right person")}.o_current .o_collection_answer:focus`, run: "press 1" },
        { content: "yes, and what he does there", trigger: `${step("Is this the right person")} .o_collection_words:focus`, run: "edit Head of accounts" },
        { content: "go on", trigger: `${step("Is this the right person")} .o_collection_words`, run: "press Enter" },
        { content: "the next step", trigger: `${step("Ask for a moment")}.o_current` },
        { content: "a promise", trigger: `${DIALOG} .o_selection_badge:contains('Promise')`, run: "press alt+1" },
        { content: "chosen", trigger: `${DIALOG} .o_selection_badge.active:contains('Promise')` },
        { content: "the invoice is there", trigger: `${DIALOG} .o_collection_call_details .o_data_row:contains('1,000.00')` },
        {
            content: "the cursor waits for the day",
            trigger: `${DIALOG} [name=promise_date] input:focus`,
            run(helpers) {
                return helpers.edit(luxon.DateTime.now().plus({ days: 14 }).toFormat("MM/dd/yyyy"));
            },
        },
        { content: "a note", trigger: `${DIALOG} [name=note] textarea`, run: "edit Signs every Thursday." },
        { content: "the day is on the invoice", trigger: `${DIALOG} .o_data_row td[name=date]:not(:empty)` },
        { content: "save", trigger: `${DIALOG} [name=note] textarea`, run: "press ctrl+Enter" },
        { content: "what was agreed is confirmed in writing", trigger: ".modal:contains('Confirm in writing'):not(:has(.o_collection_call))" },
        { content: "later", trigger: ".modal .btn-close", run: "click" },
        { content: "the figures follow", trigger: `${NO_DIALOG} [name=promised]:contains('1,000.00')` },
    ],
});

// A caller closes the dialog by mistake: what he typed is there again. Then he starts over.
tours.add("collection_call_draft", {
    url: "/odoo/worklist",
    steps: () => [
        ...openFromWorklist(),
        { content: "he says", trigger: `${DIALOG} .o_collection_phrase:contains('It is scheduled')`, run: "click" },
        { content: "ask back", trigger: `${DIALOG} .o_collection_back:contains('For which day exactly')` },
        { content: "which leads to a result", trigger: `${DIALOG} .o_collection_back button:contains('Promise')`, run: "click" },
        { content: "the invoice is there", trigger: `${DIALOG} .o_collection_call_details .o_data_row:contains('1,000.00')` },
        { content: "he refuses after all", trigger: `${DIALOG} .o_selection_badge:contains('Refusal')`, run: "click" },
        { content: "chosen", trigger: `${DIALOG} .o_selection_badge.active:contains('Refusal')` },
        {
            content: "a note, still being typed",
            trigger: `${DIALOG} [name=note] textarea`,
            run: "fill Will not pay before the repair",
        },
        { content: "closed by mistake", trigger: ".modal .btn-close", run: "click" },
        { content: "closed", trigger: NO_DIALOG },
        { content: "open it again", trigger: "button[name=action_log_call]:contains('Log a call')", run: "click" },
        { content: "it says so", trigger: `${DIALOG} .o_collection_draft:contains('restored')` },
        { content: "the note", trigger: `${DIALOG} [name=note] textarea:value('Will not pay before the repair')` },
        { content: "the result", trigger: `${DIALOG} .o_selection_badge.active:contains('Refusal')` },
        { content: "what he said", trigger: `${DIALOG} .o_collection_phrase.o_heard:contains('It is scheduled')` },
        { content: "start over", trigger: `${DIALOG} .o_collection_draft button`, run: "click" },
        { content: "nothing is left", trigger: `.modal .o_collection_call:not(:has(.o_collection_draft)):not(:has(.o_selection_badge.active))` },
        { content: "saved by mistake", trigger: ".modal button[name=action_save]", run: "click" },
        { content: "what is missing is said", trigger: ".o_notification:contains('Choose what came out of the call')" },
        { content: "asked for a plan", trigger: `${DIALOG} .o_selection_badge:contains('Plan asked for')`, run: "click" },
        { content: "chosen", trigger: `${DIALOG} .o_selection_badge.active:contains('Plan asked for')` },
        { content: "saved too soon", trigger: ".modal button[name=action_save]", run: "click" },
        { content: "it is named", trigger: ".o_notification:contains('Still missing: Note')" },
        { content: "and the cursor is there", trigger: `${DIALOG} [name=note] textarea:focus` },
        { content: "how", trigger: `${DIALOG} [name=note] textarea`, run: "edit Three months, from the 15th." },
        { content: "what is missing of his file", trigger: `${DIALOG} .o_collection_file:contains('Missing') button`, run: "click" },
        { content: "is asked for in between", trigger: ".modal:not(:has(.o_collection_call)):contains('Order Number') button:contains('Discard')", run: "click" },
        { content: "and the call goes on", trigger: `${DIALOG} [name=note] textarea:value('Three months, from the 15th.')` },
        { content: "as it was", trigger: `${DIALOG} .o_selection_badge.active:contains('Plan asked for')` },
        { content: "save", trigger: ".modal button[name=action_save]", run: "click" },
        { content: "saved", trigger: `${NO_DIALOG} .o_form_view` },
    ],
});

// A sales rep hears of a complaint: the dispute of its type is filled in.
tours.add("collection_call_complaint", {
    url: "/odoo/collection-to-do",
    steps: () => [
        { content: "the call", trigger: ".o_data_row:contains('Satisfaction call') td[name=res_name]", run: "click" },
        { content: "log it", trigger: ".o_statusbar_buttons button:contains('Log the call')", run: "click" },
        { content: "payment is not asked yet", trigger: `${DIALOG}:not(:contains('Will it be paid'))` },
        { content: "go to the first question", trigger: `${step("Did everything go well")} .o_collection_answer[data-choice=yes]`, run: "click" },
        { content: "answered", trigger: `${step("Did everything go well")} .o_collection_answer.active` },
        { content: "not satisfied", trigger: `${step("Satisfied with the product")} .o_collection_answer[data-choice=no]`, run: "click" },
        {
            content: "what he says",
            trigger: `${step("Satisfied with the product")} .o_collection_words`,
            run: "edit Two parts are broken. && press Tab",
        },
        { content: "a dispute", trigger: `${DIALOG} .o_selection_badge.active:contains('Dispute')` },
        { content: "of its type", trigger: `${DIALOG} [name=dispute_type_id] input:value('Technical')` },
        { content: "in his words", trigger: `${DIALOG} [name=dispute_reason] textarea:value('Satisfied with the product or service?: Two parts are broken.')` },
        { content: "about the invoice", trigger: `${DIALOG} [name=choice_ids] .o_data_row:contains('640.00') input:checked` },
        { content: "save", trigger: ".modal button[name=action_save]", run: "click" },
        { content: "made", trigger: `${NO_DIALOG} .o_field_widget[name=result]:contains('Dispute')` },
    ],
});

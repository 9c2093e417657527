//! From words of the file to the kernel's own types, mistakes at their places.

use std::collections::BTreeMap;

use lastlook_kernel::{
    Amount, Condition, Member, Root, Shape, Template, TemplateError, Types, Vocabulary, VocabularyInput,
    WindowSpec,
};

use super::known::Known;
use crate::config::document::{Item, Section, Sink, Word};
use crate::window::Window;

/// A condition over these names.
pub(super) fn condition(word: &Word<'_>, roots: &[Root], sink: &mut Sink) -> Option<Condition> {
    match Condition::parse(word.text, roots) {
        Ok(condition) => Some(condition),
        Err(problem) => {
            let help = problem.help.unwrap_or_else(|| CONDITION.to_owned());
            sink.report_inside(word, problem.at, problem.message, "in this condition", help);
            None
        }
    }
}

/// Whether the condition fits the types that the facts' `shape` declares; of arguments nothing is known yet.
///
/// Who acts, and on what, is left to the check against the tools as they are listed.
pub(super) fn check_types(condition: &Condition, word: &Word<'_>, known: &Known<'_>, sink: &mut Sink) {
    let facts = &known.specs;
    let names = condition.names();
    let parties = [Root::Principal, Root::Action, Root::Resource];
    if names.iter().any(|(root, _)| parties.contains(root)) {
        return;
    }
    let named = names.iter().filter(|(root, _)| matches!(root, Root::Now | Root::Was));
    let shapes: BTreeMap<String, Member> = named
        .filter_map(|(_, name)| {
            let shape = facts.get(name.as_ref()?).and_then(|fact| fact.shape.clone());
            Some((name.clone()?, Member::required(shape.unwrap_or(Shape::Unknown))))
        })
        .collect();
    let types = Types {
        args: Some(Shape::Unknown),
        was: shapes.clone(),
        now: shapes,
        step_args: Some(Shape::Unknown),
        action: ANY_TOOL.to_owned(),
        resources: Vec::new(),
    };
    let checked = match &known.vocabulary {
        Some(vocabulary) => {
            condition.check(vocabulary, &types).map_err(|problem| (problem.at, problem.message, problem.help))
        }
        None => Err((0..word.text.len(), "its types cannot be checked".to_owned(), None)),
    };
    if let Err((at, message, help)) = checked {
        let help = help.unwrap_or_else(|| "the types are those of the facts' `shape`".to_owned());
        sink.report_inside(word, at, message, "in this condition", help);
    }
}

/// The name that stands for any tool while none is known.
const ANY_TOOL: &str = "upstream.tool";

/// What conditions may name while neither tools nor entities are known.
pub(super) fn vocabulary() -> Option<Vocabulary> {
    let any = VocabularyInput { actions: vec![ANY_TOOL.to_owned()], ..VocabularyInput::default() };
    Vocabulary::new(&any).ok()
}

/// Text with holes.
pub(super) fn template(word: &Word<'_>, sink: &mut Sink) -> Option<Template> {
    filled(word, Template::parse(word.text), sink)
}

/// A URL with holes.
pub(super) fn url(word: &Word<'_>, sink: &mut Sink) -> Option<Template> {
    filled(word, Template::parse_url(word.text), sink)
}

/// A path with holes.
pub(super) fn path(word: &Word<'_>, sink: &mut Sink) -> Option<Template> {
    filled(word, Template::parse_path(word.text), sink)
}

/// A value with holes in its strings.
pub(super) fn json(item: &Item<'_>, sink: &mut Sink) -> Option<Template> {
    let value = item.json(sink)?;
    let before = sink.problems.len();
    for word in item.words() {
        template(&word, sink);
    }
    if sink.problems.len() > before {
        return None;
    }
    match Template::from_json(value) {
        Ok(template) => Some(template),
        Err(problem) => {
            sink.report(item.span(), problem.message, "cannot be filled", HELP);
            None
        }
    }
}

/// An exact amount greater than zero: a whole number, or a decimal in quotes.
pub(super) fn amount(item: &Item<'_>, sink: &mut Sink) -> Option<Amount> {
    let written = item.as_digits().or_else(|| item.as_text().map(|word| word.text));
    let amount: Option<Amount> = written.and_then(|text| text.parse().ok());
    match amount {
        Some(amount) if amount > Amount::default() => Some(amount),
        _ => {
            sink.report(
                item.span(),
                format!("`{}` is not an amount greater than zero", item.name.text),
                "not an exact positive amount",
                format!(
                    "write a whole number, or a decimal in quotes: {0} = 5000, {0} = \"49.90\"",
                    item.name.text
                ),
            );
            None
        }
    }
}

/// The type of this name.
pub(super) fn type_named(word: &str) -> Option<Shape> {
    Shape::word(word)
}

const CONDITION: &str = "a condition is a Cedar expression, such as now.order.status == \"paid\"";
const HELP: &str = "what holes are, and where they may stand: docs/reference/windows-and-limits.md";

fn filled(word: &Word<'_>, read: Result<Template, TemplateError>, sink: &mut Sink) -> Option<Template> {
    match read {
        Ok(template) => Some(template),
        Err(problem) => {
            let end = word.text.len();
            let from = problem.at.min(end.saturating_sub(1));
            sink.report_inside(word, from..end, problem.message, "from here on", HELP);
            None
        }
    }
}

/// Whether the window can be resolved: its hours, dates and zone; each mistake at its own key.
pub(super) fn check_window(spec: &WindowSpec, item: &Item<'_>, section: &Section<'_>, sink: &mut Sink) {
    let Err(problems) = Window::parse(spec) else { return };
    for problem in problems {
        let field = section.peek(problem.field);
        let list = field.as_ref().and_then(Item::as_list);
        let one = problem.index.and_then(|index| list.as_ref()?.get(index).map(Item::span));
        let span = one.or_else(|| field.map(|field| field.span())).unwrap_or_else(|| item.span());
        sink.report(span, problem.message, "in this window", problem.help);
    }
}

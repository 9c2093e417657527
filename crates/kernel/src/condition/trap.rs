//! What people write who know other languages, and what to write instead.

use std::ops::Range;

use super::ConditionProblem;
use super::token::{Kind, Token};

/// The most tokens of a condition; each may nest what follows it one level deeper.
const MOST_TOKENS: usize = 1_500;

/// Brackets nested deeper than this are refused: a few thousand overflow the stack of Cedar's parser.
const DEEPEST: usize = 32;

/// The first bracket that is nested too deep to be parsed safely.
pub(crate) fn too_deep(tokens: &[Token<'_>]) -> Option<Range<usize>> {
    let mut depth = 0usize;
    for token in tokens.iter().filter(|token| token.kind == Kind::Sign) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Some(token.at.clone());
        }
    }
    None
}

/// Refuses signs that Cedar has not, or that would make more than one expression, and what is too long or too deep.
pub(super) fn check(tokens: &[Token<'_>]) -> Result<(), ConditionProblem> {
    if let Some(token) = tokens.get(MOST_TOKENS) {
        return Err(problem(
            "this condition is too long",
            token.at.clone(),
            "write several guards: all must hold",
        ));
    }
    if let Some(at) = too_deep(tokens) {
        return Err(problem(
            "brackets are nested too deep",
            at,
            "write the condition in parts joined by `&&`",
        ));
    }
    for (index, token) in tokens.iter().enumerate() {
        let next = tokens.get(index + 1);
        if let Some((message, help)) = sign(token) {
            return Err(problem(message, token.at.clone(), help));
        }
        if token.kind == Kind::Text && (token.text.len() < 2 || !token.text.ends_with('"')) {
            return Err(problem("this text is not closed", token.at.clone(), "close it with `\"`"));
        }
        if let Some(at) = fraction(token, next, tokens.get(index + 2)) {
            return Err(problem(
                "numbers have no decimals in Cedar",
                at,
                "write `decimal(\"1.5\")`; amounts are best compared as integers of the smallest unit",
            ));
        }
    }
    Ok(())
}

fn sign(token: &Token<'_>) -> Option<(&'static str, &'static str)> {
    if token.kind != Kind::Sign {
        return None;
    }
    match token.text {
        "=" => Some(("`=` compares nothing", "write `==`")),
        "&" => Some(("`&` is no operator", "write `&&`")),
        "|" => Some(("`|` is no operator", "write `||`")),
        "'" => Some(("text stands in double quotes", "write `\"`, not `'`")),
        ";" => Some(("a condition is one expression, without `;`", "join two with `&&`")),
        "?" => Some(("`?` is no operator", "write `if … then … else …`")),
        "$" => Some(("`$` has no meaning in a condition", "write `args.x`, not `${args.x}`")),
        character if !character.is_ascii() => Some((
            "this character may stand only in a text",
            "write a member with such a name in brackets and quotes: `args[\"über\"]`",
        )),
        "@" => Some(("annotations have no meaning in a condition", "leave `@…` out")),
        _ => None,
    }
}

/// Where `1.5` stands.
fn fraction(token: &Token<'_>, dot: Option<&Token<'_>>, digits: Option<&Token<'_>>) -> Option<Range<usize>> {
    let digits = digits.filter(|digits| digits.kind == Kind::Number)?;
    let is_fraction = token.kind == Kind::Number && dot?.text == ".";
    is_fraction.then_some(token.at.start..digits.at.end)
}

/// Refuses a `then` that is meant as a name, when `if` is nowhere before it.
pub(super) fn then_as_name(tokens: &[Token<'_>]) -> Option<ConditionProblem> {
    let index = tokens.iter().position(|token| token.text == "then" && token.kind == Kind::Word)?;
    let dot = tokens.get(index + 1).is_some_and(|token| token.text == ".");
    let after_if = tokens.iter().take(index).any(|token| token.text == "if");
    let token = tokens.get(index)?;
    (dot || !after_if).then(|| {
        problem(
            "`then` is a reserved word of Cedar",
            token.at.clone(),
            "what was true when it was decided is `was`; what is true at the moment of action is `now`",
        )
    })
}

/// A word that is no name here, but means something elsewhere.
pub(super) fn word(tokens: &[Token<'_>], index: usize, token: &Token<'_>) -> Option<ConditionProblem> {
    let (message, help) = match token.text {
        "context" => (
            "`context` means nothing in a condition",
            "write `args.x`, `was.x` or `now.x` without `context.`",
        ),
        "and" | "AND" => ("`and` is no operator", "write `&&`"),
        "or" | "OR" => ("`or` is no operator", "write `||`"),
        "not" | "NOT" => ("`not` is no operator", "write `!`"),
        "null" | "None" | "nil" | "undefined" => {
            ("nothing is `null` in Cedar", "a member that is null is absent: test it with `args has x`")
        }
        "True" | "False" | "TRUE" | "FALSE" => ("this is no truth value", "write `true` or `false`"),
        "contains" | "matches" | "startsWith" | "endsWith" => {
            ("this is no operator", "a set has `x.contains(y)`; a text is matched with `x like \"ab*\"`")
        }
        "permit" | "forbid" | "when" | "unless" => (
            "a condition is an expression, not a policy",
            "write only what stands between the braces of `when { … }`",
        ),
        _ => return None,
    };
    let called = tokens.get(index + 1).is_some_and(|token| token.text == "(");
    (!called || token.text != "context").then(|| problem(message, token.at.clone(), help))
}

fn problem(message: &str, at: Range<usize>, help: &str) -> ConditionProblem {
    ConditionProblem::new(message.to_owned(), at, Some(help.to_owned()))
}

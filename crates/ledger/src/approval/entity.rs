//! Cedar entities as texts, read without an evaluator: enough to say whether two spellings name the same.

use std::iter::Peekable;
use std::str::Chars;

/// What names nothing in Cedar: its own words, and the name space it keeps to itself.
const RESERVED: [&str; 10] = ["true", "false", "if", "then", "else", "in", "is", "has", "like", "__cedar"];
/// The type of the entities that approvers are: `User::"ada"`.
const USER: &str = "User";

/// An entity, such as `Role::"finance"`. However it is spelt, the same entity is equal to itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// The names of its type, outermost first; never empty.
    pub kind: Vec<String>,
    /// Its ID, with nothing escaped.
    pub id: String,
}

impl Entity {
    /// The entity that a text spells, if it spells one and nothing else.
    pub fn parse(text: &str) -> Option<Entity> {
        let mut rest = Rest(text);
        let mut kind = Vec::new();
        loop {
            rest.skip_blank();
            if !kind.is_empty()
                && let Some(quoted) = rest.quoted()
            {
                let id = unescaped(quoted)?;
                rest.skip_blank();
                return rest.0.is_empty().then_some(Entity { kind, id });
            }
            kind.push(rest.name()?.to_owned());
            rest.skip_blank();
            rest.0 = rest.0.strip_prefix("::")?;
        }
    }

    /// The entity that the approver of this name is.
    pub fn user(name: &str) -> Entity {
        Entity { kind: vec![USER.to_owned()], id: name.to_owned() }
    }

    /// Whether an approver can be in it: a user as a group would let one person approve in another's name.
    pub fn is_group(&self) -> bool {
        self.kind != [USER]
    }
}

/// Whether two spellings are of one principal: of one entity, or one text that is none.
pub fn same_principal(one: &str, other: &str) -> bool {
    match (Entity::parse(one), Entity::parse(other)) {
        (None, None) => one == other,
        (one, other) => one == other,
    }
}

/// Whether the principal who acts is this approver: as an entity of whatever type, or by the bare name of the user it runs as.
pub fn is_requester(principal: &str, approver: &str) -> bool {
    match Entity::parse(principal) {
        Some(entity) => entity.id == approver,
        None => principal == approver || principal.ends_with(&format!("::\"{approver}\"")),
    }
}

/// What is left to read.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// White space, and comments to the end of their line.
    fn skip_blank(&mut self) {
        loop {
            self.0 = self.0.trim_start();
            match self.0.strip_prefix("//") {
                Some(comment) => self.0 = comment.trim_start_matches(|c| c != '\n' && c != '\r'),
                None => return,
            }
        }
    }

    fn name(&mut self) -> Option<&'a str> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = self.0.find(|c| !is_part(c)).unwrap_or(self.0.len());
        let (name, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        let begins = name.starts_with(|c: char| !c.is_ascii_digit());
        (begins && !RESERVED.contains(&name)).then_some(name)
    }

    /// What stands between quotes, still escaped.
    fn quoted(&mut self) -> Option<&'a str> {
        let inner = self.0.strip_prefix('"')?;
        let mut escaped = false;
        let end = inner.find(|c| match (escaped, c) {
            (false, '"') => true,
            _ => {
                escaped = !escaped && c == '\\';
                false
            }
        })?;
        let (quoted, rest) = inner.split_at_checked(end)?;
        self.0 = rest.strip_prefix('"')?;
        Some(quoted)
    }
}

fn unescaped(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        plain.push(match c {
            '\\' => escape(&mut chars)?,
            '\r' => return None,
            _ => c,
        });
    }
    Some(plain)
}

/// The character that an escape stands for; its backslash was read.
fn escape(chars: &mut Peekable<Chars<'_>>) -> Option<char> {
    match chars.next()? {
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        '0' => Some('\0'),
        plain @ ('\\' | '\'' | '"') => Some(plain),
        'x' => {
            let number = chars.next()?.to_digit(16)? * 16 + chars.next()?.to_digit(16)?;
            char::from_u32(number).filter(char::is_ascii)
        }
        'u' => {
            chars.next_if_eq(&'{')?;
            let mut number = chars.next()?.to_digit(16)?;
            let mut digits = 1;
            loop {
                match chars.next()? {
                    '}' => return char::from_u32(number),
                    '_' => {}
                    _ if digits == 6 => return None,
                    digit => {
                        number = number * 16 + digit.to_digit(16)?;
                        digits += 1;
                    }
                }
            }
        }
        _ => None,
    }
}

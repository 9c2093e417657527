//! One server's entry: what it starts, and how the boundary comes before that and goes again.
//!
//! Wrapping puts words before the arguments and moves the command behind them; unwrapping takes them out. Both move
//! source text, not values: escapes, line breaks and comments around the words stay, so that the entry comes back as
//! it was, without anything else to remember it by.

use jsonc_parser::ast::{Array, Object, ObjectProp, StringLit, Value};
use jsonc_parser::common::Ranged as _;

use super::document::span;
use super::edit::Edit;

/// Keys by which clients name a server that runs elsewhere.
const ADDRESSES: [&str; 3] = ["url", "serverUrl", "httpUrl"];
/// White space of JSON (RFC 8259, section 2).
const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];
/// The word behind which the server's own command stands.
const SEPARATOR: &str = "--";

/// An entry that starts a process.
#[derive(Debug)]
pub struct Launch<'d> {
    entry: &'d Object<'d>,
    command_property: &'d ObjectProp<'d>,
    command: &'d StringLit<'d>,
    args: Option<Args<'d>>,
}

#[derive(Debug)]
struct Args<'d> {
    property: &'d ObjectProp<'d>,
    array: &'d Array<'d>,
    words: Vec<&'d StringLit<'d>>,
}

/// Why an entry is left alone, in a few words.
pub type Reason = String;

impl<'d> Launch<'d> {
    /// Reads an entry; or why there is no process to stand in front of.
    pub fn read(value: &'d Value<'d>) -> Result<Launch<'d>, Reason> {
        let Value::Object(entry) = value else { return Err("it is no object".to_owned()) };
        let address =
            ADDRESSES.into_iter().find(|key| property(entry, key).is_ok_and(|found| found.is_some()));
        let command_property = property(entry, "command")?;
        let kind = property(entry, "type")?.and_then(|kind| kind.value.as_string_lit());
        let command_property = match (command_property, address, kind) {
            (Some(_), Some(key), _) => {
                return Err(format!(
                    "it has a `command` and a `{key}`: which one counts is the client's to say"
                ));
            }
            (_, Some(key), _) => {
                return Err(format!(
                    "it is reached by its `{key}`; the boundary stands in front of servers it starts itself"
                ));
            }
            (_, None, Some(kind)) if kind.value != "stdio" && kind.value != "local" => {
                return Err(format!(
                    "its type is `{}`; the boundary speaks to servers over standard input and output",
                    kind.value
                ));
            }
            (None, None, _) => return Err("it has no `command`".to_owned()),
            (Some(found), None, _) => found,
        };
        let command = match &command_property.value {
            Value::StringLit(command) if !command.value.is_empty() => command,
            Value::StringLit(_) => return Err("its `command` is empty".to_owned()),
            _ => return Err("its `command` is not text".to_owned()),
        };
        let args = property(entry, "args")?.map(Args::read).transpose()?;
        Ok(Launch { entry, command_property, command, args })
    }

    /// The command and its arguments.
    pub fn words(&self) -> Vec<String> {
        let args = self.args.iter().flat_map(|args| &args.words);
        std::iter::once(self.command).chain(args.copied()).map(|word| word.value.to_string()).collect()
    }

    /// Whether it starts `lastlook mcp`; `programs` are names and paths of this very program.
    pub fn is_wrapped(&self, programs: &[String]) -> bool {
        let command = self.command.value.as_ref();
        let ours = is_lastlook(command) || programs.iter().any(|program| program == command);
        ours && subcommand(&self.words()) == Some("mcp")
    }

    /// The edits after which it starts `boundary` (the program, its options, no separator) with this server behind it.
    pub fn wrap(&self, text: &str, boundary: &[String]) -> Option<Vec<Edit>> {
        let (program, options) = boundary.split_first()?;
        let words = options.iter().map(String::as_str).chain([SEPARATOR]).map(quoted);
        let mut words = words.collect::<Option<Vec<String>>>()?;
        words.push(text.get(span(self.command))?.to_owned());
        let args = match &self.args {
            None => {
                let gap = self.gap_before_command(text)?;
                Edit::insert(self.command.end(), format!(",{gap}\"args\": [{}]", words.join(", ")))
            }
            // The space says that there was an array: see `unwrap`.
            Some(args) if args.words.is_empty() => {
                Edit::insert(args.array.start() + 1, format!("{} ", words.join(", ")))
            }
            Some(args) => {
                let first = args.words.first()?.start();
                let gap = line_gap(text.get(args.array.start() + 1..first)?).unwrap_or(" ");
                let before: String = words.iter().map(|word| format!("{word},{gap}")).collect();
                Edit::insert(first, before)
            }
        };
        Some(vec![Edit::replace(span(self.command), quoted(program)?), args])
    }

    /// The words behind the separator, and the edits after which it starts them by itself.
    ///
    /// An array of arguments that would be left empty goes too, unless a space stands before its end: that is how
    /// [`Launch::wrap`] leaves one that was there. Where the space was lost, no arguments mean the same.
    pub fn unwrap(&self, text: &str) -> Result<(Vec<String>, Vec<Edit>), Reason> {
        let args = self.args.as_ref();
        let words = args.map_or(&[][..], |args| args.words.as_slice());
        let own = words.iter().position(|word| word.value == SEPARATOR);
        let own = own.and_then(|at| words.get(at + 1..)).and_then(<[_]>::split_first);
        let (Some(args), Some(first), Some((command, rest))) = (args, words.first(), own) else {
            return Err("the server's own command does not stand in it: the configuration has it".to_owned());
        };
        let odd = || "its arguments cannot be taken apart".to_owned();
        let restored = Edit::replace(span(self.command), text.get(span(*command)).ok_or_else(odd)?);
        let removed = match rest.first() {
            Some(next) => Edit::remove(first.start()..next.start()),
            None => self.without_args(text, args, first.start(), command.end()).ok_or_else(odd)?,
        };
        let words = std::iter::once(command).chain(rest).map(|word| word.value.to_string()).collect();
        Ok((words, vec![restored, removed]))
    }

    /// Takes out all arguments, and their array if it was put in.
    fn without_args(&self, text: &str, args: &Args<'_>, start: usize, end: usize) -> Option<Edit> {
        let gap = text.get(end..args.array.end().checked_sub(1)?)?;
        let comma = gap.trim_start_matches(BLANK).strip_prefix(',').map(|rest| gap.len() - rest.len());
        if gap.starts_with(' ') && comma.is_none() {
            return Some(Edit::remove(start..end + 1));
        }
        let before = self.entry.properties.iter().map(|property| property.end());
        let before = before.filter(|end| *end <= args.property.start()).max();
        let only_a_comma = |from: &usize| {
            let between = text.get(*from..args.property.start());
            between.is_some_and(|between| between.trim_matches(BLANK) == ",")
        };
        let no_comment = gap.trim_matches([',', ' ', '\t', '\r', '\n']).is_empty();
        Some(match before.filter(only_a_comma) {
            Some(from) if no_comment => Edit::remove(from..args.property.end()),
            _ => Edit::remove(start..end + comma.unwrap_or_default()),
        })
    }

    /// What stands before the `command` key: a line break and its indentation, or a space.
    fn gap_before_command<'t>(&self, text: &'t str) -> Option<&'t str> {
        let start = self.command_property.start();
        let before = self.entry.properties.iter().map(|property| property.end());
        let from = before.filter(|end| *end <= start).max().unwrap_or(self.entry.start() + 1);
        Some(line_gap(text.get(from..start)?).unwrap_or(" "))
    }
}

impl<'d> Args<'d> {
    fn read(property: &'d ObjectProp<'d>) -> Result<Args<'d>, Reason> {
        let Value::Array(array) = &property.value else { return Err("its `args` are no array".to_owned()) };
        let words: Vec<_> = array.elements.iter().filter_map(Value::as_string_lit).collect();
        if words.len() != array.elements.len() {
            return Err("its `args` are not all text".to_owned());
        }
        Ok(Args { property, array, words })
    }
}

/// The property of this name; a name that stands there twice means two things.
fn property<'d>(object: &'d Object<'d>, key: &str) -> Result<Option<&'d ObjectProp<'d>>, Reason> {
    let mut named = object.properties.iter().filter(|property| property.name.as_str() == key);
    match (named.next(), named.next()) {
        (_, Some(_)) => Err(format!("its `{key}` stands there twice")),
        (found, None) => Ok(found),
    }
}

fn is_lastlook(command: &str) -> bool {
    let name = command.rsplit(['/', '\\']).next().unwrap_or(command);
    matches!(name, "lastlook" | "lastlook.exe")
}

/// The subcommand in a command line of this program.
fn subcommand(words: &[String]) -> Option<&str> {
    let mut words = words.iter().map(String::as_str).skip(1);
    loop {
        match words.next()? {
            "--state" | "--config" => drop(words.next()),
            SEPARATOR => return None,
            word if word.starts_with('-') => {}
            word => return Some(word),
        }
    }
}

/// The last line break in a gap, with the indentation behind it, when the gap ends with these.
fn line_gap(gap: &str) -> Option<&str> {
    let line_break = gap.rfind('\n')?;
    let start = gap.get(..line_break)?.strip_suffix('\r').map_or(line_break, str::len);
    let indented = gap.get(line_break..)?.chars().all(char::is_whitespace);
    gap.get(start..).filter(|_| indented)
}

/// A word as JSON text.
fn quoted(word: &str) -> Option<String> {
    serde_json::to_string(word).ok()
}

//! Weekly hours: `Mon-Fri 09:00-17:30; Sat 10:00-12:00`.
//!
//! ```text
//! open  = entry *( ";" entry )
//! entry = group *( "," group )
//! group = [ days ] TIME "-" TIME                  ; without days: those of the group before it, or else every day
//! days  = day [ "-" day ] *( "," day [ "-" day ] )
//! ```

use std::iter::Peekable;
use std::vec::IntoIter;

use super::problem::Wrong;
use super::zone::{DAY, Ns, SECOND, weekday_of};

const MINUTE: Ns = 60 * SECOND;
const MINUTES_OF_DAY: u16 = 24 * 60;
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const HELP: &str = "write days and hours: \"Mon-Fri 09:00-17:30\", \"Sat,Sun 10:00-12:00\", or \"09:00-17:00\" for every day";

/// Hours on one day of the week, from `start` until before `end`, in minutes since its midnight.
///
/// What ends past 24:00 runs into the next day, and still belongs to the day it started on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hours {
    /// 0 for Monday.
    day: u8,
    start: u16,
    end: u16,
}

impl Hours {
    /// Whether they are on when the clock reads this, on the day they belong to.
    pub fn on(&self, day: i64, time: Ns) -> bool {
        weekday_of(day) == self.day && minutes(self.start) <= time && time < minutes(self.end)
    }

    /// Whether they are on when the clock reads this, over midnight from the day before.
    pub fn over(&self, day: i64, time: Ns) -> bool {
        weekday_of(day - 1) == self.day && time + DAY < minutes(self.end)
    }

    /// The times of day at which they begin and end.
    pub fn marks(&self) -> [Ns; 2] {
        [minutes(self.start), minutes(self.end) % DAY]
    }

    /// Whether they run over midnight.
    pub fn is_overnight(&self) -> bool {
        self.end > MINUTES_OF_DAY
    }
}

/// Whether hours leave no minute of the week out.
pub(super) fn cover_the_week(weekly: &[Hours]) -> bool {
    let week = 7 * usize::from(MINUTES_OF_DAY);
    let mut open = vec![false; week];
    for hours in weekly {
        let midnight = usize::from(hours.day) * usize::from(MINUTES_OF_DAY);
        for minute in hours.start..hours.end {
            if let Some(slot) = open.get_mut((midnight + usize::from(minute)) % week) {
                *slot = true;
            }
        }
    }
    open.into_iter().all(|open| open)
}

/// Reads one text.
pub(super) fn parse(text: &str) -> Result<Vec<Hours>, Wrong> {
    let mut tokens = tokens(text)?.into_iter().peekable();
    let mut weekly = Vec::new();
    loop {
        let mut days: Vec<u8> = (0..7).collect();
        loop {
            if let Some(Token::Word(_)) = tokens.peek() {
                days = read_days(&mut tokens, text)?;
            }
            let (start, end) = read_hours(&mut tokens, text)?;
            weekly.extend(days.iter().map(|&day| Hours { day, start, end }));
            match tokens.next() {
                None => return Ok(weekly),
                Some(Token::Semicolon) => break,
                Some(Token::Comma) => {}
                Some(other) => return Err(unexpected(text, Some(&other))),
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// Letters.
    Word(String),
    /// Digits and colons.
    Time(String),
    Dash,
    Comma,
    Semicolon,
}

type Tokens = Peekable<IntoIter<Token>>;

fn tokens(text: &str) -> Result<Vec<Token>, Wrong> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let mut run = |belongs: fn(char) -> bool| {
            let mut run = c.to_string();
            while let Some(next) = rest.next_if(|next| belongs(*next)) {
                run.push(next);
            }
            run
        };
        tokens.push(match c {
            ' ' | '\t' => continue,
            '-' => Token::Dash,
            ',' => Token::Comma,
            ';' => Token::Semicolon,
            c if is_digit(c) => Token::Time(run(is_digit)),
            c if c.is_alphabetic() => Token::Word(run(char::is_alphabetic)),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => {
                return Err(Wrong::new(
                    format!("`{text}` has a dash `{c}`"),
                    "write a plain `-` (the minus key)",
                ));
            }
            c => return Err(Wrong::new(format!("`{text}` has a `{}` in it", c.escape_debug()), HELP)),
        });
    }
    if tokens.is_empty() { Err(Wrong::new("there are no hours in it", HELP)) } else { Ok(tokens) }
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || c == ':'
}

fn read_days(tokens: &mut Tokens, text: &str) -> Result<Vec<u8>, Wrong> {
    let mut days = Vec::new();
    loop {
        let first = read_day(tokens, text)?;
        days.push(first);
        if tokens.next_if_eq(&Token::Dash).is_some() {
            let last = read_day(tokens, text)?;
            if first == last {
                return Err(Wrong::new(
                    format!("`{text}` has a range from a day to itself"),
                    "name the day once; for all days leave them out",
                ));
            }
            let mut day = first;
            while day != last {
                day = (day + 1) % 7;
                days.push(day);
            }
        }
        if tokens.next_if_eq(&Token::Comma).is_none() {
            return Ok(days);
        }
    }
}

fn read_day(tokens: &mut Tokens, text: &str) -> Result<u8, Wrong> {
    let Some(Token::Word(word)) = tokens.peek() else { return Err(unexpected(text, tokens.peek())) };
    let is = |name: &str| name.eq_ignore_ascii_case(word) || three(name).eq_ignore_ascii_case(word);
    let Some(day) = DAYS.iter().position(|name| is(name)) else {
        let near = DAYS.iter().find(|name| three(word).eq_ignore_ascii_case(three(name)));
        let help = match near {
            Some(near) => format!("write `{}` or `{near}`", three(near)),
            None => "days are Mon, Tue, Wed, Thu, Fri, Sat, Sun".to_owned(),
        };
        return Err(Wrong::new(format!("`{word}` is not a day of the week"), help));
    };
    tokens.next();
    Ok(u8::try_from(day).unwrap_or(0))
}

fn three(name: &str) -> &str {
    name.get(..3).unwrap_or(name)
}

fn read_hours(tokens: &mut Tokens, text: &str) -> Result<(u16, u16), Wrong> {
    let start = read_time(tokens, text)?;
    if tokens.next_if_eq(&Token::Dash).is_none() {
        return Err(unexpected(text, tokens.peek()));
    }
    let end = read_time(tokens, text)?;
    if start == MINUTES_OF_DAY {
        return Err(Wrong::new(
            format!("hours cannot begin at 24:00 in `{text}`"),
            "begin at 00:00 of the next day",
        ));
    }
    if start == end {
        return Err(Wrong::new(
            format!("hours begin and end at the same time in `{text}`"),
            "write 00:00-24:00 for a whole day",
        ));
    }
    Ok((start, if end < start { end + MINUTES_OF_DAY } else { end }))
}

/// `HH:MM`, up to 24:00.
fn read_time(tokens: &mut Tokens, text: &str) -> Result<u16, Wrong> {
    let Some(Token::Time(word)) = tokens.peek() else { return Err(unexpected(text, tokens.peek())) };
    let two = |part: &str| (part.len() == 2).then(|| part.parse::<u16>().ok()).flatten();
    let parts = word.split_once(':').and_then(|(hour, minute)| Some((two(hour)?, two(minute)?)));
    let minutes = match parts {
        Some((hour, minute)) if minute < 60 && (hour < 24 || (hour, minute) == (24, 0)) => hour * 60 + minute,
        _ => {
            return Err(Wrong::new(
                format!("`{word}` is not a time of day"),
                "write hours and minutes with two digits each, from 00:00 to 24:00: `09:00`, `17:30`",
            ));
        }
    };
    tokens.next();
    Ok(minutes)
}

fn unexpected(text: &str, token: Option<&Token>) -> Wrong {
    let what = match token {
        None => return Wrong::new(format!("`{text}` ends too early"), HELP),
        Some(Token::Word(word)) if ["am", "pm"].iter().any(|half| half.eq_ignore_ascii_case(word)) => {
            return Wrong::new(
                format!("`{word}` is not understood in `{text}`"),
                "write hours from 00:00 to 24:00",
            );
        }
        Some(Token::Word(word) | Token::Time(word)) => word.as_str(),
        Some(Token::Dash) => "-",
        Some(Token::Comma) => ",",
        Some(Token::Semicolon) => ";",
    };
    Wrong::new(format!("`{what}` is in the wrong place in `{text}`"), HELP)
}

fn minutes(count: u16) -> Ns {
    Ns::from(count) * MINUTE
}

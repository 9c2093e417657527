//! `command = { argv = …, cwd = …, env = … }`

use std::path::Path;

use lastlook_kernel::{Source, Template};

use super::mcp::required;
use crate::config::document::{Item, Sink, Word};
use crate::config::read::kernel_api;
use crate::config::read::known::Known;
use crate::config::value::{is_variable, no_nul};

const ARGV: &str = "[\"git\", \"-C\", \"/srv/repo\", \"rev-parse\", \"HEAD\"]";

pub(super) fn command(title: &str, item: &Item<'_>, _: &Known<'_>, sink: &mut Sink) -> Option<Source> {
    let mut section = item.section(title, sink)?;
    let argv = required(&mut section, "argv", ARGV, sink).and_then(|item| argv(&item, sink));
    let cwd = section.take("cwd").and_then(|item| item.text("\"/srv\"", sink));
    let env = section.take("env").and_then(|item| item.each("[\"HOME\"]", sink, variable_name));
    section.finish(sink);
    if let Some(word) = &cwd {
        no_nul(word, sink);
        if !Path::new(word.text).is_absolute() {
            sink.report(
                word.span.clone(),
                format!("`{}` is a relative folder", word.text),
                "relative to what?",
                "write the whole path: clients start the boundary from any folder",
            );
        }
    }
    Some(Source::Command {
        argv: argv?,
        cwd: cwd.map(|word| word.text.to_owned()),
        env: env.unwrap_or_default(),
    })
}

fn argv(item: &Item<'_>, sink: &mut Sink) -> Option<Vec<Template>> {
    let words = item.texts(ARGV, sink)?;
    let help = || format!("write the program and its arguments: argv = {ARGV}");
    let program = match words.first().filter(|program| !program.text.is_empty()) {
        Some(program) => program,
        None => {
            sink.report(item.span(), "the command is empty", "nothing to run", help());
            return None;
        }
    };
    if program.text.contains("${") {
        let message = "which program runs cannot depend on the call";
        sink.report(program.span.clone(), message, "a hole in the program's place", help());
        return None;
    }
    if program.text.contains('/') && !Path::new(program.text).is_absolute() {
        sink.report(
            program.span.clone(),
            format!("`{}` is a relative path to a program", program.text),
            "whatever folder this starts in could bring it",
            "write the whole path, or the bare name of a program on the PATH",
        );
    }
    words.iter().for_each(|word| no_nul(word, sink));
    let read: Vec<_> = words.iter().map(|word| kernel_api::template(word, sink)).collect();
    read.into_iter().collect()
}

fn variable_name(word: Word<'_>, sink: &mut Sink) -> Option<String> {
    if is_variable(word.text) {
        return Some(word.text.to_owned());
    }
    // No message may hold a value.
    let message = match word.text.split_once('=') {
        Some((name, _)) => format!("`{}` is given a value", name.escape_debug()),
        None => format!("`{}` cannot name a variable", word.text.escape_debug()),
    };
    sink.report(
        word.span,
        message,
        "no such variable can exist",
        "write names only, no values: env = [\"HOME\"]",
    );
    None
}

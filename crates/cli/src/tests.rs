//! The command line as a whole, and its reference.

use clap::{Command, CommandFactory as _};

use crate::Cli;

const REFERENCE: &str = include_str!("../../../docs/reference/cli.md");

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn the_reference_has_every_command_and_every_option() {
    let mut missing = Vec::new();
    let mut cli = Cli::command();
    cli.build();
    visit(&cli, "lastlook", &mut missing);
    assert!(missing.is_empty(), "docs/reference/cli.md does not have: {missing:#?}");
}

fn visit(command: &Command, path: &str, missing: &mut Vec<String>) {
    for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
        let Some(long) = argument.get_long() else { continue };
        let option = format!("`--{long}");
        let is_everywhere = ["help", "version"].contains(&long);
        if !is_everywhere
            && !REFERENCE.contains(&format!("{option}`"))
            && !REFERENCE.contains(&format!("{option} "))
        {
            missing.push(format!("`--{long}` of `{path}`"));
        }
    }
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help")
    {
        let path = format!("{path} {}", inner.get_name());
        if !inner.has_subcommands() && !REFERENCE.contains(&format!("`{path}")) {
            missing.push(format!("`{path}`"));
        }
        visit(inner, &path, missing);
    }
}

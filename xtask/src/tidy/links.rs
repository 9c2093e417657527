//! Links of the documents that lead nowhere.

use std::collections::HashMap;

use super::tree::{Tree, lines};
use super::{Finding, Rule};

pub const RULE: Rule = Rule {
    name: "links",
    says: "every relative link and every anchor in a Markdown file leads somewhere",
    run,
};

fn run(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.ending(".md") {
        for (line, target) in targets(text) {
            if let Some(what) = problem(tree, path, text, &target) {
                findings.push(Finding::new(path, line, what));
            }
        }
    }
    findings
}

fn problem(tree: &Tree, from: &str, text: &str, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = match target.split_once('#') {
        Some((file, anchor)) => (file, Some(anchor)),
        None => (target, None),
    };
    let path = if file.is_empty() { from.to_owned() } else { resolved(from, file) };
    if !tree.has(&path) {
        return Some(format!("`{target}` leads to no file"));
    }
    let wanted = anchor.filter(|_| path.ends_with(".md"))?;
    let there = if path == from { text } else { tree.text(&path)? };
    let found = anchors(there).iter().any(|anchor| anchor == wanted);
    (!found).then(|| format!("`{target}`: no heading `#{wanted}` there"))
}

/// The path a link means, seen from the file it stands in; a leading `/` is the top of the repository.
fn resolved(from: &str, link: &str) -> String {
    let mut parts: Vec<&str> = match link.starts_with('/') {
        true => Vec::new(),
        false => from.rsplit_once('/').map_or(Vec::new(), |(folder, _)| folder.split('/').collect()),
    };
    for part in link.split('/') {
        match part {
            "" | "." => {}
            // Above the top is nowhere: no file has such a path.
            ".." => parts.pop().map_or_else(|| parts.push(".."), drop),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// Every link target outside code: `[…](target)`, `[…]: target`, `href="target"`, `src="target"`.
fn targets(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        let inline = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
        let quoted = ["href=\"", "src=\""]
            .iter()
            .flat_map(|mark| line.split(mark).skip(1).filter_map(|rest| rest.split('"').next()));
        let reference = line.trim_start().strip_prefix('[').and_then(|rest| rest.split_once("]: "));
        let reference = reference.and_then(|(_, target)| target.split_whitespace().next());
        let all = inline.chain(quoted).chain(reference).map(|target| target.trim_matches(['<', '>']));
        found.extend(all.filter(|target| !target.is_empty()).map(|target| (number, target.to_owned())));
    }
    found
}

/// The anchors of a document as a Markdown host makes them: its headings, and ids given in HTML.
fn anchors(text: &str) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut found = Vec::new();
    for (_, line) in headings(text) {
        let slug = slug(line.trim_start_matches('#'));
        let count = seen.entry(slug.clone()).and_modify(|count| *count += 1).or_insert(0);
        found.push(if *count == 0 { slug } else { format!("{slug}-{count}") });
    }
    for (_, line) in prose(text) {
        let ids = ["id=\"", "name=\""].iter().flat_map(|mark| line.split(mark).skip(1));
        found.extend(ids.filter_map(|rest| rest.split('"').next()).map(str::to_owned));
    }
    found
}

/// Lower case, spaces as hyphens, everything else but letters, digits, `-` and `_` dropped; of a link only its words.
fn slug(heading: &str) -> String {
    let mut words = String::new();
    let mut rest = heading.trim();
    while let Some((before, after)) = rest.split_once("](") {
        words.push_str(before);
        rest = after.split_once(')').map_or("", |(_, tail)| tail);
    }
    words.push_str(rest);
    let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn headings(text: &str) -> impl Iterator<Item = (usize, &str)> {
    outside_fences(text).filter(|(_, line)| {
        let hashes = line.len() - line.trim_start_matches('#').len();
        (1..=6).contains(&hashes) && line.get(hashes..).is_some_and(|rest| rest.starts_with(' '))
    })
}

/// The lines that are not inside a fenced block, without their inline code.
fn prose(text: &str) -> impl Iterator<Item = (usize, String)> {
    outside_fences(text).map(|(number, line)| {
        // Between an odd and an even backtick is code; a code span that ends on another line is rare enough.
        let kept = line.split('`').enumerate().filter(|(index, _)| index % 2 == 0);
        (number, kept.map(|(_, part)| part).collect::<Vec<_>>().join("`"))
    })
}

fn outside_fences(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fence: Option<&str> = None;
    lines(text).filter(move |(_, line)| {
        let mark = ["```", "~~~"].into_iter().find(|mark| line.trim_start().starts_with(mark));
        match (fence, mark) {
            (None, None) => true,
            (None, Some(_)) => {
                fence = mark;
                false
            }
            (Some(open), Some(mark)) if open == mark => {
                fence = None;
                false
            }
            (Some(_), _) => false,
        }
    })
}

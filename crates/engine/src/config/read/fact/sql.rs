//! `sql = { database = …, query = …, params = … }`

use lastlook_kernel::{Source, Template};

use super::mcp::required;
use crate::config::document::{Item, Sink, Word};
use crate::config::read::kernel_api;
use crate::config::read::known::Known;

pub(super) fn sql(title: &str, item: &Item<'_>, known: &Known<'_>, sink: &mut Sink) -> Option<Source> {
    const QUERY: &str = "\"select status from orders where id = $1\"";
    let mut section = item.section(title, sink)?;
    let database = required(&mut section, "database", "\"shop\"", sink)
        .and_then(|item| item.text("\"shop\"", sink))
        .and_then(|word| known.database(&word, sink));
    let query = required(&mut section, "query", QUERY, sink).and_then(|item| item.text(QUERY, sink));
    let params_item = section.take("params");
    let params = params_item.as_ref().map(|item| params(item, sink));
    let rows = section.take("rows").and_then(|item| item.one_of(&[("one", false), ("many", true)], sink));
    let many = rows.unwrap_or(false);
    let version_item = section.take("version");
    let version = version_item.as_ref().and_then(|item| item.text("\"xmin\"", sink));
    section.finish(sink);
    if let Some(item) = version_item.filter(|_| many) {
        sink.report(
            item.name.span,
            "many rows have no one version",
            "beside `rows = \"many\"`",
            "leave it out: all of the rows are compared; or write rows = \"one\"",
        );
    }
    let query = query?;
    let params = params.unwrap_or_else(|| Some(Vec::new()));
    if let Some(params) = &params {
        placeholders(&query, params.len(), sink);
    }
    Some(Source::Sql {
        database: database?,
        query: query.text.to_owned(),
        params: params?,
        many,
        version: version.map(|word| word.text.to_owned()),
    })
}

fn params(item: &Item<'_>, sink: &mut Sink) -> Option<Vec<Template>> {
    let items = item.list("[\"${args.order_id}\"]", sink)?;
    let mut all = true;
    let mut params = Vec::new();
    for item in items {
        if item.as_table().is_some() || item.as_list().is_some() {
            item.mistyped(
                "an array of text, numbers, true or false",
                "params = [\"${args.order_id}\"]",
                sink,
            );
            all = false;
            continue;
        }
        match kernel_api::json(&item, sink) {
            Some(param) => params.push(param),
            None => all = false,
        }
    }
    all.then_some(params)
}

/// Every `$1`, `$2`, … has a parameter, and the other way round.
fn placeholders(query: &Word<'_>, params: usize, sink: &mut Sink) {
    if query.text.trim().is_empty() {
        sink.report(query.span.clone(), "the query is empty", "asks nothing", "write one `select` statement");
        return;
    }
    if let Some(at) = query.text.find("${") {
        sink.report_inside(
            query,
            at..at + 2,
            "a query has no holes",
            "what is filled in here would be SQL",
            "write $1 here, and the value into params: params = [\"${args.order_id}\"]",
        );
        return;
    }
    let used = numbers(query.text);
    if let Some(absent) = used.iter().find(|n| **n == 0 || **n > params) {
        sink.report(
            query.span.clone(),
            format!("`${absent}` of the query has no parameter"),
            format!("there are {params} in `params`"),
            "write one value for each of $1, $2, …: params = [\"${args.order_id}\"]",
        );
    } else if let Some(unused) = (1..=params).find(|n| !used.contains(n)) {
        sink.report(
            query.span.clone(),
            format!("the query does not use parameter `${unused}`"),
            format!("there are {params} in `params`"),
            format!("write ${unused} where it belongs, or leave the value out"),
        );
    }
}

/// The numbers after `$`, outside of quotes.
fn numbers(query: &str) -> Vec<usize> {
    let mut numbers = Vec::new();
    let mut quote = None;
    let mut rest = query.chars().peekable();
    while let Some(character) = rest.next() {
        match (quote, character) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '$') => {
                let mut digits = String::new();
                while let Some(digit) = rest.next_if(char::is_ascii_digit) {
                    digits.push(digit);
                }
                numbers.extend(digits.parse::<usize>().ok());
            }
            (None, _) => {}
        }
    }
    numbers
}

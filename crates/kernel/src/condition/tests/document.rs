//! The reference page says nothing that does not work.

use crate::condition::{Condition, Root};

const PAGE: &str = include_str!("../../../../../docs/reference/conditions.md");

/// The code blocks of a page in one language.
pub(crate) fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let start = format!("```{language}\n");
    page.split(start.as_str()).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn every_condition_of_the_page_is_one() {
    let conditions: Vec<&str> = blocks(PAGE, "cedar").into_iter().flat_map(str::lines).collect();
    assert!(conditions.len() > 10);
    for text in conditions {
        Condition::parse(text, &Root::ALL).unwrap_or_else(|problem| panic!("{text}: {problem:?}"));
    }
}

//! Places that are not kept: what cannot be one, and what would keep it all the same.

use super::{parse, render, snapshot};
use crate::config::Config;

const TOP: &str = "[upstream.shop]\ncommand = [\"/bin/shop\"]\n[fact.order]\nmcp = { tool = \"shop.get_order\", args = { id = \"${args.id}\" } }\n[tool.\"shop.get_order\"]\nclass = \"read\"\n";

fn mistakes(cases: &[&str]) -> String {
    let shown = cases.iter().map(|case| match Config::parse(&format!("{TOP}{case}"), "lastlook.toml") {
        Ok(_) => panic!("`{case}` is taken"),
        Err(error) => render(&error),
    });
    shown.collect::<Vec<_>>().join("\n")
}

#[test]
fn places_that_are_not_kept_are_told_with_their_line() {
    let pay = "[tool.\"shop.pay\"]\n";
    let cases = [
        format!("{pay}redact = [\"args/password\"]\n"),
        format!("{pay}redact = [\"/arguments/password\"]\n"),
        format!("{pay}redact = [\"/now\"]\n"),
        format!("{pay}redact = [\"/now/ordre/email\"]\n"),
        format!("{pay}redact = [\"/args/a~b\"]\n"),
        format!("{pay}redact = \"/args/a\"\n"),
        format!("{pay}redact = [\"/args/a\"]\ndigest_only = [\"/args/a\"]\n"),
        "[record]\nkeep_values = \"a month\"\n".to_owned(),
        "[record]\nkeep_values = \"0s\"\n".to_owned(),
    ];
    let cases: Vec<&str> = cases.iter().map(String::as_str).collect();
    snapshot("places_that_are_not_kept", &mistakes(&cases));
}

#[test]
fn what_would_keep_a_place_all_the_same_is_refused() {
    let redact = |place: &str, more: &str| {
        format!("[tool.\"shop.pay\"]\nredact = [\"{place}\"]\n[guard.g]\non = [\"shop.pay\"]\n{more}\n")
    };
    let cases = [
        redact("/args/email", "once = \"pay:${args.email}\""),
        redact("/args/email", "lease = \"pay:${args.email}\""),
        redact("/args/customer", "resource = 'Customer::\"${args.customer.id}\"'\nunchanged = [\"order\"]"),
        redact("/args/amount", "limit = [{ sum = \"/amount\", max = 5, per = \"1d\" }]"),
        redact("/args/amount", "limit = [{ count = 1, per = \"1d\", by = \"key:${args.amount}\" }]"),
        redact(
            "/args/id",
            "after = [{ tool = \"shop.pay\", where = 'step.args.id == args.id', accept = \"succeeded\" }]",
        ),
        redact("/now/order/email", "unchanged = [\"order\"]\napprove = { by = 'Role::\"finance\"' }"),
    ];
    let cases: Vec<&str> = cases.iter().map(String::as_str).collect();
    snapshot("places_that_would_be_kept_all_the_same", &mistakes(&cases));
    parse(&format!("{TOP}{}", redact("/args/email", "once = \"pay:${args.id}\"")));
}

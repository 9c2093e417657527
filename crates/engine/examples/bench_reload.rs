//! What it costs to take over a configuration of a thousand guards: reading it, compiling it, checking it against the tools.
//!
//! `cargo run --release -p lastlook-engine --example bench_reload [GUARDS]`
#![allow(clippy::expect_used)]

use std::path::Path;
use std::time::Instant;

use lastlook_engine::config::Config;
use lastlook_engine::{Listed, Rulebook};
use lastlook_kernel::{Class, Member, Shape, ToolName};

fn text(guards: usize) -> String {
    let mut text = String::from("[upstream.shop]\ncommand = [\"/bin/true\"]\n\n");
    for n in 0..guards {
        text.push_str(&format!(
            "[tool.\"shop.read_{n}\"]\nclass = \"read\"\n\n\
             [tool.\"shop.write_{n}\"]\nclass = \"write\"\n\n\
             [fact.order_{n}]\nmcp = {{ tool = \"shop.read_{n}\", args = {{ id = \"${{args.id}}\" }} }}\n\
             select = [\"/status\"]\nshape = {{ status = \"String\", total = \"Long\" }}\n\n\
             [guard.g_{n}]\non = [\"shop.write_{n}\"]\nunchanged = [\"order_{n}\"]\n\
             when = 'now.order_{n}.status == \"paid\" && args.amount <= now.order_{n}.total'\n\
             limit = [{{ sum = \"/amount\", max = 5000, per = \"1d\" }}]\nonce = \"w:${{args.id}}\"\n\
             window = {{ open = \"Mon-Fri 09:00-17:30\", tz = \"Europe/Paris\" }}\n\n"
        ));
    }
    text
}

fn main() {
    let guards = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(1_000);
    let text = text(guards);
    let args =
        Shape::record([("id", Member::required(Shape::String)), ("amount", Member::required(Shape::Long))]);
    let tools: Vec<Listed> = (0..guards)
        .flat_map(|n| [("read", Class::Read, n), ("write", Class::Write, n)])
        .map(|(kind, class, n)| Listed {
            name: ToolName::new("shop", format!("{kind}_{n}")),
            class,
            args: args.clone(),
            schema: None,
        })
        .collect();
    for _ in 0..3 {
        let began = Instant::now();
        let config = Config::parse(&text, "bench.toml").expect("the file is in order");
        let read = began.elapsed();
        let rulebook = Rulebook::new(Some(&config), Path::new("/bin/true")).expect("no policy files");
        let compiled = began.elapsed();
        let misfits = rulebook.check_fit("shop", &tools);
        let fitted = began.elapsed();
        assert!(misfits.is_empty(), "{misfits:?}");
        println!(
            "{guards} guards, {} KiB: read {read:?}, compiled {:?}, checked against {} tools {:?}, in all {fitted:?}",
            text.len() / 1024,
            compiled - read,
            tools.len(),
            fitted - compiled
        );
    }
}

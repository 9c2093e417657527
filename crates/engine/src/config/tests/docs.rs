use super::*;

const PAGE: &str = include_str!("../../../../../docs/reference/configuration.md");

#[test]
fn every_whole_example_of_the_reference_page_is_valid() {
    let blocks = PAGE.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut seen = 0;
    for block in blocks {
        parse(block);
        seen += 1;
    }
    assert!(seen >= 1);
}

/// What the examples of other pages take for granted, section by section; an example may bring its own.
const TAKEN_FOR_GRANTED: [(&str, &str); 4] = [
    ("[upstream.shop]", "command = ['shop-mcp']"),
    ("[tool.\"shop.get_order\"]", "class = 'read'"),
    ("[database.shop]", "sqlite = '/srv/shop.db'"),
    ("[fact.order]", "mcp = { tool = 'shop.get_order', args = { id = '${args.order_id}' } }"),
];

#[test]
fn every_example_of_the_other_pages_is_valid() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folders =
        ["docs/concepts", "docs/guides"].map(|folder| std::fs::read_dir(root.join(folder)).unwrap());
    let mut pages: Vec<_> = folders.into_iter().flatten().map(|page| page.unwrap().path()).collect();
    // Beside the pages lie their pictures.
    pages.retain(|page| page.extension().is_some_and(|kind| kind == "md"));
    pages.extend(["README.md", "docs/reference/windows-and-limits.md"].map(|page| root.join(page)));
    let mut seen = 0;
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for block in text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            let lacking = TAKEN_FOR_GRANTED.iter().filter(|(section, _)| !block.contains(section));
            let lacking = lacking.map(|(section, keys)| format!("{section}\n{keys}\n"));
            let whole: String = lacking.chain([block.to_owned()]).collect();
            if let Err(error) = Config::parse(&whole, "lastlook.toml") {
                panic!("{}\n{}", page.display(), render(&error));
            }
            seen += 1;
        }
    }
    assert!(seen >= 3, "the examples were not found");
}

#[test]
fn the_reference_page_names_every_key_and_profile() {
    let upstream = "upstream.a.command=['a']\n";
    let part = |part: &str| format!("{upstream}[guard.g]\non=['a.b']\n[guard.g.{part}]\n");
    let mut sections: Vec<String> =
        ["", "[defaults]\n", "[principal]\n", "[policy]\n", "[claims]\n", "[record]\n", "[upstream.a]\n"]
            .map(str::to_owned)
            .into();
    sections.extend(
        ["", ".mcp", ".http", ".sql", ".file", ".command", ".ledger", ".seen_as"]
            .map(|s| format!("[fact.f{s}]\n")),
    );
    sections.extend(
        ["database.d", "procedure.p", "notify.n", "witness.w"].map(|section| format!("[{section}]\n")),
    );
    sections.extend(["[tool.'a.b']\n", "[guard.g]\n"].map(|section| format!("{upstream}{section}")));
    sections.extend(["window", "once", "lease", "approve", "confirm"].map(part));
    for section in sections {
        let Err(error) = Config::parse(&format!("{section}zzz = 1"), "x") else { panic!("zzz is no key") };
        let ConfigError::Invalid(invalid) = error else { panic!("it is text") };
        let help = invalid.problems().iter().find(|p| p.message.contains("zzz")).unwrap().help.clone();
        for key in help.split_once("known keys: ").unwrap().1.split(", ") {
            let spellings =
                [format!("`{key}`"), format!("\n{key} = "), format!("\n[{key}"), format!("`{key} = ")];
            assert!(spellings.iter().any(|spelling| PAGE.contains(spelling)), "{key}");
        }
    }
    for profile in Profile::shipped() {
        assert!(PAGE.contains(&format!("`{}`", profile.name())), "{}", profile.name());
    }
    for name in DEFAULT_NOT_SUBJECTS {
        assert!(PAGE.contains(&format!("`{name}`")), "{name}");
    }
}

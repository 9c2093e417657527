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

#[test]
fn the_reference_page_names_every_key_and_profile() {
    let upstream = "upstream.a.command=['a']\n";
    let part = |part: &str| format!("{upstream}[guard.g]\non=['a.b']\n[guard.g.{part}]\n");
    let mut sections: Vec<String> =
        ["", "[defaults]\n", "[principal]\n", "[policy]\n", "[claims]\n", "[upstream.a]\n"]
            .map(str::to_owned)
            .into();
    sections.extend(
        ["", ".mcp", ".http", ".sql", ".file", ".command", ".ledger", ".seen_as"]
            .map(|s| format!("[fact.f{s}]\n")),
    );
    sections.extend(["database.d", "procedure.p"].map(|section| format!("[{section}]\n")));
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

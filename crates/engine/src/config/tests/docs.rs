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
    for section in
        ["", "[defaults]\n", "[principal]\n", "[upstream.a]\n", "upstream.a.command=['a']\n[tool.'a.b']\n"]
    {
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

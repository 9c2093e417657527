use super::*;

/// The tools each server lists, by class, as read in its source.
const SERVERS: &[(&str, &str, &str)] = &[
    (
        "filesystem",
        "directory_tree get_file_info list_allowed_directories list_directory list_directory_with_sizes read_file \
         read_media_file read_multiple_files read_text_file search_files",
        "create_directory edit_file move_file write_file",
    ),
    (
        "git",
        "git_branch git_diff git_diff_staged git_diff_unstaged git_log git_show git_status",
        "git_add git_checkout git_commit git_create_branch git_reset",
    ),
    ("lastlook-notes", "list_notes read_note", "delete_note edit_note write_note"),
    (
        "memory",
        "open_nodes read_graph search_nodes",
        "add_observations create_entities create_relations delete_entities delete_observations delete_relations",
    ),
    ("sqlite", "describe_table list_tables read_query", "append_insight create_table write_query"),
    ("time", "convert_time get_current_time", ""),
];

fn detected(line: &str) -> &'static str {
    Profile::detect(&words(line)).map_or("none", Profile::name)
}

#[test]
fn every_shipped_file_is_read_and_names_every_tool() {
    let names: Vec<_> = Profile::shipped().iter().map(Profile::name).collect();
    assert_eq!(names, SERVERS.iter().map(|(name, ..)| *name).collect::<Vec<_>>());
    for (name, reads, writes) in SERVERS {
        let of = |class| {
            let tools = Profile::named(name).unwrap().tools();
            tools
                .filter(|(_, tool)| tool.class == Some(class))
                .map(|(name, _)| name)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!((of(Class::Read).as_str(), of(Class::Write).as_str()), (*reads, *writes), "{name}");
        assert_eq!(of(Class::Destructive), "", "{name}: a blind call must still run without a configuration");
    }
}

#[test]
fn profiles_say_only_what_can_count() {
    for profile in Profile::shipped() {
        for (name, tool) in profile.tools() {
            let name = format!("{}.{name}", profile.name());
            let read = tool.class == Some(Class::Read);
            let for_effects = tool.touches.is_some() || tool.local.is_some() || tool.errors.is_some();
            let for_reads = tool.ignore.is_some() || tool.retake.is_some();
            assert!(if read { !for_effects } else { !for_reads }, "{name}");
            for touched in tool.touches.iter().flatten() {
                let touched = profile.tool(touched).unwrap_or_else(|| panic!("{name} touches no tool"));
                assert_eq!(touched.class, Some(Class::Read), "{name}");
            }
        }
    }
}

#[test]
fn an_error_means_no_effect_only_where_the_source_shows_it() {
    let claims = Profile::shipped().iter().flat_map(|profile| {
        let tools = profile.tools().filter(|(_, tool)| tool.errors == Some(ErrorAnswers::NoEffect));
        tools.map(|(name, _)| format!("{}.{name}", profile.name()))
    });
    snapshot("errors_that_mean_no_effect", &claims.collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_broken_profile_does_not_parse() {
    assert!(Profile::parse("x", "[tool.read]\nclass = 'reed'").is_err());
    assert!(Profile::parse("x", "[detect]\npackage = ['x']").is_err());
}

#[test]
fn servers_are_known_by_the_words_that_start_them() {
    for (line, expect) in [
        ("npx -y @modelcontextprotocol/server-filesystem /srv/notes", "filesystem"),
        ("npx @modelcontextprotocol/server-filesystem@2026.8.31 .", "filesystem"),
        ("npx -p @modelcontextprotocol/server-filesystem mcp-server-filesystem .", "filesystem"),
        ("/usr/bin/npx --yes -- @modelcontextprotocol/server-filesystem .", "filesystem"),
        ("npm exec -- @modelcontextprotocol/server-filesystem .", "filesystem"),
        ("pnpm dlx @modelcontextprotocol/server-filesystem .", "filesystem"),
        ("bunx @modelcontextprotocol/server-filesystem .", "filesystem"),
        ("deno run -A npm:@modelcontextprotocol/server-filesystem .", "filesystem"),
        ("mcp-server-filesystem .", "filesystem"),
        (r"C:\npm\mcp-server-filesystem.cmd .", "filesystem"),
        ("node /opt/node_modules/@modelcontextprotocol/server-filesystem/dist/index.js .", "filesystem"),
        ("node --require x.js server-filesystem/dist/index.js .", "filesystem"),
        ("env DEBUG=1 node server-filesystem/dist/index.js .", "filesystem"),
        ("uvx mcp-server-git --repository .", "git"),
        ("uvx mcp-server-git@latest", "git"),
        ("uvx --from mcp-server-git==2026.10.19 mcp-server-git", "git"),
        ("uv tool run mcp-server-git", "git"),
        ("uv --directory /src run mcp-server-git", "git"),
        ("uv run python -m mcp_server_git", "git"),
        ("pipx run mcp-server-git", "git"),
        ("python -m mcp_server_git --repository .", "git"),
        ("/srv/venv/bin/python3.12 -u -m mcp_server_git", "git"),
        ("/srv/venv/bin/mcp-server-git --repository .", "git"),
        ("python3 /srv/venv/bin/mcp-server-git", "git"),
        ("uvx mcp-server-time", "time"),
        ("uvx mcp-server-sqlite --db-path x.db", "sqlite"),
        ("npx -y @modelcontextprotocol/server-memory", "memory"),
        ("/usr/local/bin/lastlook demo-notes-server /srv/notes", "lastlook-notes"),
        ("lastlook.exe demo-notes-server notes", "lastlook-notes"),
    ] {
        assert_eq!(detected(line), expect, "{line}");
    }
}

#[test]
fn words_elsewhere_do_not_make_a_profile() {
    for line in [
        "",
        "npx",
        "npx -y other-server /src/mcp-server-git",
        "npx -y @evil/server-filesystem .",
        "npx -y @modelcontextprotocol/server-filesystem-extra .",
        "npx -c mcp-server-git",
        "node -e 1 server-filesystem/dist/index.js",
        "node -p 1 mcp-server-filesystem",
        "node my-server-filesystem/dist/index.js",
        "python -c pass mcp-server-git",
        "python -m other mcp_server_git",
        "python -m mcp_server_gitlab",
        "ssh host mcp-server-git",
        "docker run -i --rm mcp/filesystem /projects",
        "sh -c mcp-server-git",
        "mcp-server-gitlab",
        "other demo-notes-server .",
        "lastlook mcp -- lastlook demo-notes-server .",
    ] {
        assert_eq!(detected(line), "none", "{line}");
    }
    // The folder it serves is not the server it is.
    assert_eq!(detected("npx @modelcontextprotocol/server-filesystem /src/mcp-server-git"), "filesystem");
}

#[test]
fn the_access_time_is_no_part_of_a_reading() {
    let info = Profile::named("filesystem").unwrap().tool("get_file_info").unwrap();
    let ignored: Vec<_> =
        info.ignore.iter().flatten().map(|i| (i.pointer.as_str(), i.line_prefix.as_deref())).collect();
    assert_eq!(
        ignored,
        [("/content/0/text", Some("accessed:")), ("/structuredContent/content", Some("accessed:"))]
    );
}

#[test]
fn a_status_is_the_basis_of_every_change_to_its_repository() {
    let git = Profile::named("git").unwrap();
    for (name, tool) in git.tools() {
        assert_eq!(tool.subjects, Some(vec!["/repo_path".to_owned()]), "{name}");
    }
}

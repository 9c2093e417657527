//! Witnesses that are down, hang or lie: actions go on, and who is missing is told.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use lastlook_ledger::CosigningKey;
use lastlook_ledger::witness::AddCheckpoint;

use super::rig::{Witness, act, asked, ok, receipt_with, run, section, world};

/// A witness of our own making, on a thread: answers each request with what `lie` makes of it.
fn liar(lie: impl Fn(&AddCheckpoint, &mut TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let lie = std::sync::Arc::new(lie);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let lie = std::sync::Arc::clone(&lie);
            std::thread::spawn(move || serve(stream, &*lie));
        }
    });
    port
}

fn serve(mut stream: TcpStream, lie: &dyn Fn(&AddCheckpoint, &mut TcpStream)) {
    let (mut request, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if length.is_some_and(|length: usize| body.len() >= length) {
                lie(&AddCheckpoint::parse(body.as_bytes()).unwrap(), &mut stream);
                return;
            }
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return,
            Ok(count) => request.extend_from_slice(&piece[..count]),
        }
    }
}

fn answer(stream: &mut TcpStream, status: &str, body: &str) {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
}

fn pinned() -> CosigningKey {
    CosigningKey::from_seed("witness.example/liar", &[77; 32]).unwrap()
}

type Lie = Box<dyn Fn(&AddCheckpoint, &mut TcpStream) + Send + Sync>;

/// What it does, how the status names it, and a part of why.
fn lies() -> Vec<(&'static str, &'static str, &'static str, Lie)> {
    let says = |status: &'static str, body: &'static str| -> Lie {
        Box::new(move |_, stream| answer(stream, status, body))
    };
    vec![
        ("hangs", "missing", "no answer in time", Box::new(|_, stream| drop(stream.read(&mut [0])))),
        ("closes", "missing", "broke off", Box::new(|_, _| {})),
        ("garbage", "missing", "is no cosignature", says("200 OK", "\u{2014} \u{2014}\n\0\u{7f}")),
        ("nothing", "missing", "is no cosignature", says("200 OK", "")),
        ("nonsense", "missing", "makes no sense", says("299 What", "hello")),
        ("redirect", "missing", "makes no sense", says("307 There\r\nLocation: http://127.0.0.1:1/", "")),
        ("no size", "missing", "makes no sense", says("409 Conflict", "many\n")),
        ("a huge size", "missing", "makes no sense", says("409 Conflict", "99999999999999999999999\n")),
        ("a large size", "contradicts", "was cut short", says("409 Conflict", "18446744073709551615\n")),
        (
            "two sizes",
            "missing",
            "makes no sense",
            Box::new(|request, stream| {
                answer(stream, "409 Conflict", if request.old == 1 { "2\n" } else { "1\n" });
            }),
        ),
        ("no proof will do", "contradicts", "begins with", says("422 No", "")),
        ("a stranger", "missing", "not one of those", says("404 No", "")),
        ("no trust", "missing", "does not trust", says("403 No", "")),
        (
            "gigabyte",
            "missing",
            "larger than",
            Box::new(|_, stream| {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n");
                while stream.write_all(&[b'x'; 65536]).is_ok() {}
            }),
        ),
        (
            "wrong key",
            "missing",
            "is no cosignature",
            Box::new(|request, stream| {
                let other = CosigningKey::from_seed("witness.example/liar", &[78; 32]).unwrap();
                answer(stream, "200 OK", &other.cosign(&request.note, 7).unwrap());
            }),
        ),
        (
            "wrong name",
            "missing",
            "is no cosignature",
            Box::new(|request, stream| {
                let other = CosigningKey::from_seed("witness.example/lair", &[77; 32]).unwrap();
                answer(stream, "200 OK", &other.cosign(&request.note, 7).unwrap());
            }),
        ),
        (
            "wrong text",
            "missing",
            "is no cosignature",
            Box::new(|request, stream| {
                let other = request.note.replacen("/1\n", "/2\n", 1);
                answer(stream, "200 OK", &pinned().cosign(&other, 7).unwrap());
            }),
        ),
    ]
}

#[test]
fn whatever_a_witness_does_actions_go_on_and_it_is_told() {
    let world = world();
    let lies = lies();
    let expected: Vec<_> =
        lies.iter().map(|(name, stands, why, _)| (name.replace(' ', "-"), *stands, *why)).collect();
    let mut sections = String::from("[witness]\nquorum = 1\n");
    let key = pinned().verifier().to_string();
    for (name, _, _, lie) in lies {
        sections.push_str(&section(&name.replace(' ', "-"), liar(lie), &key));
    }
    // Nobody listens there.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    sections.push_str(&section("gone", gone, &key));
    world.configure(&sections);
    let begun = Instant::now();
    let mut agent = world.agent();
    let first = act(&mut agent, 6);
    for n in 7..11 {
        act(&mut agent, n);
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "actions waited: {:?}", begun.elapsed());
    let begun = Instant::now();
    agent.close();
    assert!(begun.elapsed() < Duration::from_secs(8), "the end waited: {:?}", begun.elapsed());
    assert_eq!(world.effects().len(), 5);
    let (code, said) = asked(&world);
    assert_eq!((code, said["witnessed"].is_null()), (1, true), "{said}");
    let of = |name: &str| {
        let all = said["witnesses"].as_array().unwrap();
        all.iter().find(|it| it["witness"] == name).unwrap_or_else(|| panic!("{name}: {said}")).clone()
    };
    for (name, stands, why) in expected.into_iter().chain([("gone".to_owned(), "missing", "no connection")]) {
        let found = of(&name);
        assert_eq!(found["stands"], stands, "{found}");
        assert!(found["why"].as_str().unwrap().contains(why), "{name}: {found}");
    }
    // Nothing that they said is in a receipt.
    let receipt = ok(&world, &["receipt", &first]);
    assert!(!receipt.contains("witness.example"), "{receipt}");
    world.verifies();
    let text = run(&world, &["log", "witness"]);
    assert!(text.code == 1 && text.out.contains("contradicts a-large-size"), "{text:?}");
}

/// One that hangs is left alone for a while, and keeps nobody from hearing the good one.
#[test]
fn a_witness_that_hangs_holds_up_no_other() {
    let world = world();
    let good = Witness::start(&world, "w1");
    let key = pinned().verifier().to_string();
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&asked);
    let hangs = liar(move |_, stream| {
        count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        drop(stream.read(&mut [0]));
    });
    world.configure(&format!(
        "[witness]\nquorum = 1\n{}{}",
        good.section("kim"),
        section("lee", hangs, &key)
    ));
    let mut agent = world.agent();
    let first = act(&mut agent, 6);
    receipt_with(&world, &first, 1);
    // It rests now: what comes next is cosigned without waiting for it.
    let before = asked.load(std::sync::atomic::Ordering::SeqCst);
    let begun = Instant::now();
    let second = act(&mut agent, 7);
    receipt_with(&world, &second, 1);
    assert!(begun.elapsed() < Duration::from_secs(5), "the good one waited: {:?}", begun.elapsed());
    assert_eq!((before, asked.load(std::sync::atomic::Ordering::SeqCst)), (2, 2), "once about each log");
    agent.close();
}

#[test]
fn mistakes_about_witnesses_are_told_with_a_way_out() {
    let world = world();
    run(&world, &["log", "witness"]).fails(2, "declares no witness");
    let key = pinned().verifier().to_string();
    let log_key = ok(&world, &["keys", "export"]);
    for (sections, says) in [
        (section("kim", 1, log_key.trim()), "not an Ed25519 key of the type needed here"),
        (section("kim", 1, &key.replacen("liar", "lair", 1)), "does not have the id"),
        (
            format!("[witness]\nquorum = 2\n{}", section("kim", 1, &key)),
            "2 witnesses are wanted, and there are 1",
        ),
        (
            format!("[witness]\nquorum = 2\n{}{}", section("kim", 1, &key), section("lee", 2, &key)),
            "there are 1",
        ),
        (format!("[witness]\nquorum = 0\n{}", section("kim", 1, &key)), "must be from 1"),
        (section("kim", 1, &key).replace("private = true\n", ""), "leads to an address that is not public"),
        (section("kim", 1, &key).replace("http://127.0.0.1:1", "http://witness.example"), "write `https://`"),
        ("[witness.kim]\nurl = \"https://witness.example\"\n".to_owned(), "has no `key`"),
        (format!("[witness.kim]\nkey = \"{key}\"\n"), "has no `url`"),
        ("[witness]\nkim = 7\n".to_owned(), "must be a table"),
    ] {
        world.configure(&sections);
        let said = run(&world, &["config", "check"]);
        // Lines are broken where they are full.
        let words: Vec<&str> = said.err.split_whitespace().filter(|word| *word != "│").collect();
        assert!(said.code == 2 && words.join(" ").contains(says), "{says}: {said:?}");
    }
    world.configure("");
    let receipt = ["verify", "r.json", "--key", "k.pub"];
    run(&world, &[&receipt[..], &["--quorum", "1"]].concat()).fails(2, "--witness");
    let key_file = super::rig::key(&world);
    for (witness, says) in
        [(log_key.trim(), "(key-type)"), ("missing.pub", "neither the key"), (&key_file, "(key-type)")]
    {
        run(&world, &["verify", "--witness", witness]).fails(2, says);
    }
}

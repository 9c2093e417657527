//! More than any receipt has, given to `verify`: told, with memory that is bounded.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::rig::{Said, World};

/// A gigabyte, in pieces of this size.
const PIECE: usize = 64 << 10;
const PIECES: usize = (1 << 30) / PIECE;

#[test]
fn a_gigabyte_of_brackets_is_refused_without_being_read_to_its_end() {
    let world = World::new();
    world.client().close();
    let key = world.key();
    // 320 MB of address space: 64 MiB are read, into a buffer that doubles.
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v 327680; exec \"$0\" verify - --key \"$1\" --json"]);
    command.args([env!("CARGO_BIN_EXE_lastlook"), &key]).env("HOME", world.path("home"));
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let piece = [b'['; PIECE];
    let taken = (0..PIECES).take_while(|_| stdin.write_all(&piece).is_ok()).count();
    drop(stdin);
    let said = Said::of(child.wait_with_output().unwrap());
    assert!(said.code == 1 && said.out.contains("\"code\":\"receipt-json\""), "{said:?}");
    assert!(!said.err.contains("panicked") && !said.err.contains("memory"), "{said:?}");
    assert!(taken * PIECE < 65 << 20, "{taken} pieces were taken");
}

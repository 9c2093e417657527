//! Asking for a passphrase on the terminal, so that nobody sees what is typed.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// The most bytes that are taken.
const LONGEST: usize = 4096;
/// What the keys send that end or change what was typed (ASCII).
const INTERRUPT: u8 = 0x03;
const END: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const CLEAR: u8 = 0x15;
const QUIT: u8 = 0x1c;
const DELETE: u8 = 0x7f;

/// The terminal of whoever runs this, whatever standard input and output are.
#[derive(Debug)]
pub struct Terminal(File);

impl Terminal {
    /// The controlling terminal, if there is one.
    pub fn open() -> Option<Terminal> {
        OpenOptions::new().read(true).write(true).open("/dev/tty").ok().map(Terminal)
    }

    /// Asks, and gives what was typed up to the end of the line; nothing of it is shown.
    pub fn ask(&self, question: &str) -> Result<Zeroizing<String>, Failure> {
        let (quiet, mut screen) = (Quiet::begin(&self.0)?, &self.0);
        screen.write_all(format!("{question}: ").as_bytes())?;
        let typed = self.line();
        screen.write_all(b"\n")?;
        drop(quiet);
        let typed = typed?;
        let text = std::str::from_utf8(&typed);
        let text = text.map_err(|_| Failure::usage("what was typed is not text in UTF-8"))?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    fn line(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        // Never grown, so that no copy of it stays behind.
        let mut typed = Zeroizing::new(Vec::with_capacity(LONGEST));
        loop {
            let (mut byte, mut keys) = ([0], &self.0);
            if keys.read(&mut byte)? == 0 {
                return Ok(typed);
            }
            match byte {
                [b'\n' | b'\r' | END] => return Ok(typed),
                [INTERRUPT | QUIT] => return Err(Failure::refused("stopped: nothing was done")),
                [BACKSPACE | DELETE] => erase(&mut typed),
                [CLEAR] => typed.clear(),
                [byte] if typed.len() < LONGEST => typed.push(byte),
                [_] => return Err(Failure::usage("the passphrase is longer than 4096 bytes")),
            }
        }
    }
}

/// Takes the last character away: its last byte, and as many as continue it (RFC 3629 §3).
fn erase(typed: &mut Vec<u8>) {
    while typed.pop().is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000) {}
}

/// While it lives the terminal shows nothing that is typed, and hands over each byte as it comes.
struct Quiet<'a> {
    terminal: &'a File,
    before: Termios,
}

impl Quiet<'_> {
    fn begin(terminal: &File) -> io::Result<Quiet<'_>> {
        let before = tcgetattr(terminal)?;
        let mut quiet = before.clone();
        // Without signals from keys: the shell would be left with a terminal that shows nothing.
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
        // What was typed before anybody was asked is no answer.
        tcsetattr(terminal, OptionalActions::Flush, &quiet)?;
        Ok(Quiet { terminal, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // If it cannot be given back as it was, nothing here could help.
        let _ = tcsetattr(self.terminal, OptionalActions::Drain, &self.before);
    }
}

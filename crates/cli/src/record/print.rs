//! Standard output that may end before we do: a closed pipe is how a reader says that it has seen enough.

use std::io::{self, Write as _};
use std::os::fd::AsFd as _;

use rustix::event::{PollFd, PollFlags, poll};

use crate::failure::Failure;

/// Whether anybody still reads what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// It was taken.
    There,
    /// The reader closed its end. That is no error, and there is nothing more to print.
    Gone,
}

/// Prints, and says whether anybody is left.
pub fn print(text: &str) -> Result<Audience, Failure> {
    print_bytes(text.as_bytes())
}

/// Prints what need not be text.
pub fn print_bytes(bytes: &[u8]) -> Result<Audience, Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(Audience::There),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Audience::Gone),
        Err(error) => Err(Failure::unavailable(format!("standard output cannot be written: {error}"))),
    }
}

/// Looks whether anybody is left without printing anything (POLLERR on the writing end of a pipe, poll(2)).
pub fn audience() -> Audience {
    let out = io::stdout();
    let mut polled = [PollFd::from_borrowed_fd(out.as_fd(), PollFlags::empty())];
    let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    let found = poll(&mut polled, Some(&now));
    let [end] = &polled;
    match found {
        Ok(1..) if end.revents().intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL) => {
            Audience::Gone
        }
        Ok(_) | Err(_) => Audience::There,
    }
}

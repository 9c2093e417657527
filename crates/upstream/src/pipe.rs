//! A pipe that blocking threads and the runtime both write to, whole frames at a time.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// A writable pipe takes this many bytes without blocking (`PIPE_BUF`, pipe(7)).
const PIPE_BUF: usize = 4096;

/// The writing end of a pipe, shared; frames are never interleaved.
#[derive(Debug)]
pub struct Pipe<W>(Mutex<Option<W>>);

impl<W: Write + AsFd + Send + 'static> Pipe<W> {
    /// A pipe over `to`.
    pub fn new(to: W) -> Pipe<W> {
        Pipe(Mutex::new(Some(to)))
    }

    /// A pipe that was closed from the beginning.
    pub fn closed() -> Pipe<W> {
        Pipe(Mutex::new(None))
    }

    /// Writes, blocking: for threads that have nothing else to do.
    ///
    /// Errs with `BrokenPipe` when the other side, or [`Pipe::close`], has closed it.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        match self.lock().as_mut() {
            Some(to) => to.write_all(bytes).and_then(|()| to.flush()),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Writes without holding up the runtime: at once when the pipe takes it, else on a blocking thread.
    pub async fn send(self: &Arc<Self>, bytes: Arc<[u8]>) -> io::Result<()> {
        if let Some(done) = self.try_now(&bytes) {
            return done;
        }
        let pipe = Arc::clone(self);
        tokio::task::spawn_blocking(move || pipe.write(&bytes)).await.map_err(io::Error::other)?
    }

    /// Closes the writing end: the other side reads to the end.
    pub fn close(&self) {
        self.lock().take();
    }

    fn try_now(&self, bytes: &[u8]) -> Option<io::Result<()>> {
        if bytes.len() > PIPE_BUF {
            return None;
        }
        let mut guard = self.0.try_lock().ok()?;
        let Some(to) = guard.as_mut() else { return Some(Err(io::ErrorKind::BrokenPipe.into())) };
        let mut ready = [PollFd::from_borrowed_fd(to.as_fd(), PollFlags::OUT)];
        match poll(&mut ready, Some(&Timespec::default())) {
            Ok(1..) => Some(to.write_all(bytes).and_then(|()| to.flush())),
            _ => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<W>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

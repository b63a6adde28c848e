//! The one thread that owns the terminal and its readers, and how others ask it for something.

use std::{
    fmt,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};

use tokio::sync::oneshot;

use crate::machine::Machine;

/// How often the worker looks whether a card has come, while it waits for one.
const LOOK_FOR_CARD: Duration = Duration::from_millis(60);
/// How often it looks otherwise: whether lists have expired.
const LOOK: Duration = Duration::from_millis(500);

type Job = Box<dyn FnOnce(&mut Machine) + Send>;

/// The worker has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stopped;

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("terminal has stopped")
    }
}

/// What others ask the worker through.
#[derive(Clone)]
pub(crate) struct Worker(Sender<Job>);

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Worker")
    }
}

impl Worker {
    /// Starts the thread. It ends when a job tells the machine to.
    ///
    /// # Errors
    /// Where there can be no further thread.
    pub(crate) fn start(machine: Machine) -> std::io::Result<(Self, thread::JoinHandle<()>)> {
        let (sender, receiver) = channel();
        let thread = thread::Builder::new().name("terminal".to_owned());
        Ok((Self(sender), thread.spawn(move || work(machine, &receiver))?))
    }

    /// Has the worker do something, and waits for what comes of it.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Machine) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        let (sender, receiver) = oneshot::channel();
        // Whoever asked may have gone.
        self.send(job, move |outcome| drop(sender.send(outcome)))?;
        receiver.await.map_err(|_| Stopped)
    }

    /// [`Worker::ask`] for a thread that may wait.
    pub(crate) fn ask_and_wait<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Machine) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        let (sender, receiver) = channel();
        self.send(job, move |outcome| drop(sender.send(outcome)))?;
        receiver.recv().map_err(|_| Stopped)
    }

    fn send<T>(
        &self,
        job: impl FnOnce(&mut Machine) -> T + Send + 'static,
        answer: impl FnOnce(T) + Send + 'static,
    ) -> Result<(), Stopped> {
        let job = move |machine: &mut Machine| {
            let outcome = job(machine);
            // What pages are made of is there before anybody is told.
            machine.publish();
            answer(outcome);
        };
        self.0.send(Box::new(job)).map_err(|_| Stopped)
    }
}

fn work(mut machine: Machine, jobs: &Receiver<Job>) {
    while !machine.is_to_stop {
        let wait = if machine.waits_for_card() { LOOK_FOR_CARD } else { LOOK };
        match jobs.recv_timeout(wait) {
            Ok(job) => job(&mut machine),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        machine.look();
    }
}

//! What the line asks the worker for.

use terminal::{
    entry::List,
    refusal::Failure,
    upload::{OutgoingBatch, Uploaded},
};

use crate::{kept::OwedCode, machine::Machine};

impl Machine {
    /// The newest version of a list that was ever taken over.
    pub(crate) fn newest(&mut self, list: List) -> u32 {
        self.till().map_or(0, |till| till.book().newest(list).version)
    }

    /// Takes a list over.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn take_list(&mut self, list: List, bytes: &[u8]) -> Result<(), String> {
        let now = self.now();
        let till = self.till().map_err(|_| NOT_RUNNING.to_owned())?;
        till.take_list(list, bytes, &now).map(|_| ()).map_err(|error| error.to_string())
    }

    /// The next batch. What cards claimed is checked before.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn next_batch(&mut self) -> Result<Option<OutgoingBatch>, String> {
        let now = self.now();
        let till = self.till().map_err(|_| NOT_RUNNING.to_owned())?;
        // A module that does not answer leaves the claims for another day.
        if let Err(Failure::Journal(error)) = till.check_claims() {
            return Err(error.to_string());
        }
        till.next_batch(&now).map_err(|error| error.to_string())
    }

    /// Takes a receipt over.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn take_receipt(&mut self, batch: &OutgoingBatch, receipt: &[u8]) -> Result<Uploaded, String> {
        let till = self.till().map_err(|_| NOT_RUNNING.to_owned())?;
        till.take_receipt(batch, receipt).map_err(|error| error.to_string())
    }

    /// Rewrites the journal without what is settled. Where there is no room, it can wait.
    pub(crate) fn tidy_up(&mut self) {
        let now = self.now();
        if let Ok(till) = self.till() {
            // What fails here fails again at the next entry, where it is told.
            let _ = till.tidy_up(&now);
        }
    }

    /// The server's clock agrees with the terminal's: one that was not believed is confirmed.
    pub(crate) fn believe_clock(&mut self) {
        let now = self.now();
        if let Ok(till) = self.till() {
            let is_doubted = matches!(till.check_ready(&now), Err(terminal::refusal::Refusal::Clock(_)));
            if is_doubted {
                // Asked again at the next contact.
                let _ = till.confirm_time(&now);
            }
        }
    }

    /// The server has these codes.
    pub(crate) fn forget_codes(&mut self, brought: &[OwedCode]) {
        self.kept.codes.retain(|code| !brought.contains(code));
        // Brought again, a code changes nothing.
        let _ = self.keep();
    }
}

const NOT_RUNNING: &str = "the terminal does not run";

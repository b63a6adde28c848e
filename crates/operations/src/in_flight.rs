//! Which operations this server is carrying out at the bank right now.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use wallet::ids::OperationId;

/// The operations under way. Only a courtesy: it spares the bank a repeated question. What keeps a race between two
/// servers harmless is that the bank and the ledger carry out each step once.
#[derive(Default)]
pub(crate) struct InFlight {
    operations: Arc<Mutex<HashSet<OperationId>>>,
}

/// Holds an operation in flight until dropped.
pub(crate) struct Flight {
    operations: Arc<Mutex<HashSet<OperationId>>>,
    operation: OperationId,
}

impl InFlight {
    /// `None` where the operation is under way already.
    pub(crate) fn enter(&self, operation: OperationId) -> Option<Flight> {
        let mut operations = self.operations.lock().unwrap_or_else(PoisonError::into_inner);
        operations.insert(operation).then(|| Flight { operations: Arc::clone(&self.operations), operation })
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.operations.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.operation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_in_flight_once_until_it_ends() {
        let in_flight = InFlight::default();
        let first = in_flight.enter(OperationId::new(1));
        assert!(first.is_some());
        assert!(in_flight.enter(OperationId::new(1)).is_none());
        assert!(in_flight.enter(OperationId::new(2)).is_some());
        drop(first);
        assert!(in_flight.enter(OperationId::new(1)).is_some());
    }
}

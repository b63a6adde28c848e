//! The embedded bank: accounts, cards and card operations as one pure state machine.

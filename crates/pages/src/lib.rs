//! Web pages as pure functions of view models.

//! The SQL store of everything that describes: holders, cards, merchants, operations.

//! Certificates of purses, terminals and who issues them.
#![no_std]

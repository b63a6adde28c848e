//! What runs inside a card has neither the standard library nor a heap.

use super::project::{Project, SourceFile, Violation};

pub(super) const RULE: &str = "no-heap";

/// The crates that a card is made of.
const NO_HEAP: &[&str] = &["money", "globalplatform", "pki", "purse"];

pub(super) fn check(project: &Project) -> Vec<Violation> {
    let mut violations = Vec::new();
    for name in NO_HEAP {
        let (folder, root) = (format!("crates/{name}/src/"), format!("crates/{name}/src/lib.rs"));
        for file in project.files.iter().filter(|file| file.path.starts_with(&folder)) {
            if file.path == root && !file.text.lines().any(|line| line == "#![no_std]") {
                violations.push(file.violation(1, RULE, "a crate for cards says `#![no_std]`".to_owned()));
            }
            violations.extend(lines_with_a_heap(file));
        }
    }
    violations
}

fn lines_with_a_heap(file: &SourceFile) -> Vec<Violation> {
    let mut before = "";
    let mut violations = Vec::new();
    for (line, text) in file.lines() {
        let text = text.trim();
        let is_for_tests = before == "#[cfg(test)]";
        if text.starts_with("extern crate") && !is_for_tests {
            violations.push(file.violation(line, RULE, format!("`{text}` is not there in a card")));
        }
        before = text;
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(code: &str) -> usize {
        check(&Project::sample(&[("crates/pki/src/lib.rs", code)])).len()
    }

    #[test]
    fn the_standard_library_and_a_heap_are_found() {
        assert_eq!(found("//! Keys.\n"), 1);
        assert_eq!(found("//! Keys.\n#![no_std]\nextern crate alloc;\n"), 1);
        assert_eq!(found("//! Keys.\n#![no_std]\nextern crate std;\n"), 1);
    }

    #[test]
    fn tests_may_use_the_standard_library() {
        assert_eq!(found("//! Keys.\n#![no_std]\n\n#[cfg(test)]\nextern crate std;\n"), 0);
    }
}

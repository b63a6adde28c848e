//! Lines end where their text ends, fit in a window, and are indented with spaces.

use super::project::{Project, SourceFile, Violation};

pub(super) const RULE: &str = "text";

/// The longest line of code, in characters. Rows of tables in documentation and long texts in quotes may be longer.
const LIMIT: usize = 130;

pub(super) fn check(project: &Project) -> Vec<Violation> {
    project.files.iter().filter(|file| !is_generated(file)).flat_map(check_file).collect()
}

fn is_generated(file: &SourceFile) -> bool {
    let name = file.path.rsplit('/').next().unwrap_or(&file.path);
    matches!(name, "Cargo.lock" | "package-lock.json" | "openapi.json") || name.ends_with(".snap")
}

fn check_file(file: &SourceFile) -> Vec<Violation> {
    let is_code = [".rs", ".mjs", ".js", ".sql", ".toml"].iter().any(|ending| file.path.ends_with(ending));
    let mut violations = Vec::new();
    for (line, text) in file.lines() {
        if text.ends_with([' ', '\t', '\r']) {
            violations.push(file.violation(line, RULE, "white space at the end of the line"));
        }
        if text.contains('\t') {
            violations.push(file.violation(line, RULE, "a tab; indent with spaces"));
        }
        let length = text.chars().count();
        if is_code && length > LIMIT && !is_mostly_a_literal(text) && !text.starts_with("//! |") {
            violations.push(file.violation(line, RULE, format!("{length} characters, more than {LIMIT}")));
        }
    }
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        violations.push(file.violation(file.text.lines().count(), RULE, "the last line does not end"));
    }
    violations
}

/// Whether the line is long because of one text in quotes, such as the path of a drawing, that is not worth breaking.
fn is_mostly_a_literal(text: &str) -> bool {
    let (Some(first), Some(last)) = (text.find('"'), text.rfind('"')) else { return false };
    (last - first) * 3 > text.len() * 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Project::sample(&[(path, text)])).len()
    }

    #[test]
    fn white_space_tabs_long_and_unended_lines_are_found() {
        assert_eq!(found("README.md", "words \n"), 1);
        assert_eq!(found("e2e/a.mjs", "\tcall();\n"), 1);
        assert_eq!(found("e2e/a.mjs", &format!("{}\n", "x".repeat(131))), 1);
        assert_eq!(found("README.md", "words"), 1);
    }

    #[test]
    fn clean_text_and_wide_letters_are_fine() {
        assert_eq!(found("e2e/a.mjs", &format!("{}\n", "细".repeat(130))), 0);
        assert_eq!(found("docs/openapi.json", "{ } \n"), 0);
        assert_eq!(found("crates/pages/src/icon.rs", &format!("// \"{}\"\n", "M0 0".repeat(40))), 0);
    }
}

//! The walk that the rules about syntax share: which lines count, and a sentence for each line that breaks the rule.

use super::{
    project::{Project, SourceFile, Violation},
    pure_layers::PURE,
};

/// Lines of one file that break a rule, each with what is wrong and what to do instead.
pub(super) type Findings = Vec<(usize, String)>;

/// Which lines a rule is about.
pub(super) type Scope = fn(&SourceFile, usize) -> bool;

/// Every line of the project.
pub(super) const EVERYWHERE: Scope = |_, _| true;
/// What is not compiled for tests only.
pub(super) const PRODUCT: Scope = |file, line| !file.is_test_line(line);
/// The product's lines in L0–L2.
pub(super) const PURE_PRODUCT: Scope =
    |file, line| file.library_crate().is_some_and(|name| PURE.contains(&name)) && !file.is_test_line(line);

/// What `find` finds in the syntax of each file, as far as it lies in the scope.
pub(super) fn scan(
    project: &Project,
    rule: &'static str,
    scope: Scope,
    find: fn(&syn::File) -> Findings,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (file, syntax) in project.rust_files() {
        let findings = find(syntax).into_iter().filter(|(line, _)| scope(file, *line));
        violations.extend(findings.map(|(line, message)| file.violation(line, rule, message)));
    }
    violations
}

/// The lines that a rule finds in a sample, for the tests of rules.
#[cfg(test)]
pub(super) fn lines_found(check: fn(&Project) -> Vec<Violation>, path: &str, code: &str) -> Vec<usize> {
    check(&Project::sample(&[(path, code)])).into_iter().map(|violation| violation.line).collect()
}

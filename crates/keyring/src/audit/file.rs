//! A key file, and what each consumer finds in it.

use super::{AuditRequest, AuditedFile, form};
use crate::Form;
use crate::consumer::{KeyFile, Reading};
use crate::open::KeptFile;

pub(super) fn audited(file: &KeptFile, request: &AuditRequest<'_>) -> AuditedFile {
    let name = file.path.to_string_lossy();
    let readings = request
        .consumers
        .iter()
        .map(|consumer| {
            if file.certificates.is_empty() {
                return Reading::default();
            }
            consumer.reads(&KeyFile {
                name: &name,
                form: file.form.unwrap_or(Form::Binary),
                content: &file.content,
                certificates: &file.certificates,
                errors: &file.errors,
            })
        })
        .collect();
    AuditedFile {
        path: file.path.clone(),
        form: file.form,
        certificates: file.certificates.len(),
        findings: form::findings(file),
        readings,
    }
}

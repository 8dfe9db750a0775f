"""Refunds and batches on the desk."""

from django.urls import path

from refunds import urls_funds
from refunds.views import (
    audit,
    batches,
    desk,
    desk_accounts,
    desk_employer,
    desk_offset,
    desk_proposing,
    rules,
    why,
)

app_name = "desk_refunds"
urlpatterns = [
    path("refunds/", desk.refund_list, name="list"),
    path("refunds/decide/", desk.decide_many, name="decide_many"),
    path("refunds/<slug:receipt>/", desk.refund_detail, name="detail"),
    path("refunds/<slug:receipt>/letter.pdf", why.desk_letter, name="why_letter"),
    path("refunds/<slug:receipt>/end-offset/", desk_offset.end_offset, name="end_offset"),
    path(
        "employers/<int:employer_id>/refunds/",
        desk_employer.refunds_of_employer,
        name="of_employer",
    ),
    path("accounts/", desk_accounts.case_list, name="account_cases"),
    path("accounts/shared/", desk_accounts.shared, name="account_shared"),
    path("accounts/new/", desk_proposing.find_unit, name="account_find"),
    path("accounts/new/<int:employer_id>/", desk_proposing.propose, name="account_propose"),
    path("accounts/<slug:case_receipt>/paper/", desk_proposing.paper, name="account_paper"),
    path("accounts/<slug:case_receipt>/", desk_accounts.case_detail, name="account_case"),
    path("audit/", audit.overview, name="audit"),
    path("audit/seed/", audit.commit_seed, name="commit_seed"),
    path("audit/pairs/", audit.pairs, name="pairs"),
    path("audit/held/<slug:receipt>/", audit.held, name="held"),
    path("audit/batches/<slug:number>/", audit.sample, name="sample"),
    path("approval-rules/", rules.rule_list, name="rules"),
    path("approval-rules/new/", rules.prepare, name="rules_prepare"),
    path("approval-rules/<int:rules_id>/publish/", rules.publish, name="rules_publish"),
    path("batches/", batches.batch_list, name="batches"),
    path("batches/exchange/", batches.exchange, name="exchange"),
    path("batches/draft/<slug:insurance>/", batches.draft, name="draft"),
    path("batches/<slug:number>/", batches.batch_detail, name="batch"),
    path("batches/<slug:number>/file/", batches.batch_file, name="batch_file"),
    path("batches/<slug:number>/sign/", batches.sign, name="sign"),
    path("batches/<slug:number>/take-back/", batches.take_back, name="take_back"),
    path("bank-files/", batches.bank_files, name="bank_files"),
    path("bank-files/<int:file_id>/", batches.bank_file, name="bank_file"),
    *urls_funds.urlpatterns,
]

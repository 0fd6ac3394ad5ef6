"""English words for columns, whoever wrote the file."""

from __future__ import annotations

from crmcli.sales.imports.presets.preset import Preset, headers

ENGLISH = Preset(
    "english",
    columns={
        "": headers(
            {
                "position": "Job title | Job | Role",
                "last_name": "Surname | Family name",
                "middle_name": "Second name | Additional name | Patronymic",
                "first_name": "Given name | Forename",
                "full_name": "Full name",
                "salutation": "Prefix",
                "birthday": "Date of birth | Birth date | Birthdate | DOB",
                "phones": "Phone | Phone number | Telephone | Tel",
                "phone_work": "Business phone | Office phone",
                "phone_mobile": "Mobile | Cell | Cell phone | Mobile number",
                "phone_fax": "Fax | Fax number",
                "emails": "E-mail | E-mail address | Mail",
                "email_home": "Personal email | Private email",
                "email_work": "Business email",
                "urls": (
                    "Website | Web site | Site | URL | Homepage | LinkedIn | LinkedIn URL | "
                    "Company domain"
                ),
                "address_part": "Street | City | State | Region | Postal code | Zip | Country",
                "address": "Full address",
                "source": "Lead source",
                "source_detail": "Source description",
                "owner": (
                    "Assigned to | Responsible | Account manager | Contact owner | Lead owner | "
                    "Deal owner | Company owner"
                ),
                "tags": "Tag | Labels",
                "do_not_mail": (
                    "Email opt out | Email opted out | HasOptedOutOfEmail | Opted out of email | "
                    "Opt out of email | Unsubscribed | Unsubscribed from email | "
                    "Unsubscribed from all email | Do not email | Do not mail | No email"
                ),
                "do_not_call": "Do not call | DoNotCall",
                "do_not_sms": "Do not text | Do not SMS | SMS opt out | SMS opted out",
                "comment": "Note | Notes | Comments | Description | Background",
                "created_at": (
                    "Created | Created on | Create date | Creation date | Date created | "
                    "Created date"
                ),
            }
        ),
        "lead": headers(
            {
                "name": "Lead name | Lead title | Subject | Topic",
                "position": "Title",
                "company_name": "Company | Organization | Organisation | Account name",
                "stage": "Lead status",
                "amount": "Value | Sum | Budget",
            }
        ),
        "contact": headers(
            {
                "name": "Contact name",
                "position": "Title",
                "company_name": (
                    "Company | Organization | Organisation | Employer | Account name | "
                    "Associated company"
                ),
                "company_role": "Company role",
                "type": "Contact type",
            }
        ),
        "company": headers(
            {
                "name": "Company | Company name | Organization | Organisation | Account name",
                "turnover": "Annual revenue | Revenue",
                "inn": "Tax id",
                "type": "Company type",
            }
        ),
        "deal": headers(
            {
                "name": "Deal name | Deal title | Title | Opportunity name",
                "stage": "Deal stage",
                "pipeline": "Deal pipeline",
                "amount": "Value | Sum | Budget | Deal value | Price",
                "close_by": "Close date | Expected close date | Closing date | Deadline",
                "company_name": "Organization | Organisation | Account name",
                "contact_name": "Person | Contact person",
            }
        ),
    },
)

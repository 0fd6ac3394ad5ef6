#!/usr/bin/env bash
# The main job, end to end, in a folder of its own: `make demo` runs it, the README shows it.
# The clock is set, so that two runs tell the same story.
set -euo pipefail
dir=${1:-demo}

if [ -e "$dir" ]; then
    [ -f "$dir/.made-by-make-demo" ] || { echo "$dir already exists and is not ours; name another" >&2; exit 1; }
    rm -rf "$dir"
fi
say() { printf '\n\033[1m# %s\033[0m\n' "$*"; }
run() { printf '\033[32m$ %s\033[0m\n' "$*"; eval "$*"; }
[ -t 1 ] || { say() { printf '\n# %s\n' "$*"; }; run() { printf '$ %s\n' "$*"; eval "$*"; }; }
export CRM_NOW=2026-11-23T09:00:00+03:00 CRM_USER=anna CRM_LANG=${CRM_LANG:-en} PAGER=cat GIT_PAGER=cat

say "A folder becomes a CRM, with a made-up company in it"
run "crm init $dir --demo -q"
cd "$dir"
touch .made-by-make-demo
echo .made-by-make-demo >> .git/info/exclude

say "Leads come from a fair, as Bitrix24 would write them"
cat > fair.csv <<'CSV'
"Название лида";"Имя";"Фамилия";"Мобильный телефон";"Рабочий e-mail";"Название компании";"Стадия";"Возможная сумма";"Валюта";"Источник";
"Кровля склада";"Пётр";"Ёлкин";"8 (912) 345-67-89 доб. 12";"petr@example.ru";"ООО «Ромашка»";"Не обработан";"250 000";"RUB";"Веб-сайт";
"Навес над входом";"Мария";"Котова";"+7 916 111-22-33";"maria@example.com";"";"Не обработан";"48 500,50";"RUB";"Веб-сайт";
"Ещё раз Ёлкин";"Пётр";"Ёлкин";"8-912-345-67-89";"";"";"Не обработан";"";"";"Звонок";
"Сайдинг";"Олег";"Ким";"8 916 222-33-44";"";"";"Не обработан";"тысяч сто";"RUB";"Выставка";
CSV
run "crm import leads fair.csv --preset bitrix24 --robots"
run "cut -d';' -f1,4,11- fair.rejects.csv"
rm -f fair.rejects.csv fair.csv
git add -A data && git -c user.name=demo -c user.email=demo@example.ru commit -q -m "Leads from the fair"

say "Any spelling of a phone finds the lead; work it, and convert it"
run "crm lead show '8 912 345 67 89'"
run "crm lead move petr@example.ru 'В работе'"
run "crm lead convert petr@example.ru"

say "What cron does: robots write letters and tasks, each once"
run "crm tick"
run "CRM_NOW=2026-11-23T09:30:00+03:00 crm tick"
run "crm task list --limit 5 --sort -created_at"
run "crm robots waiting"

say "The letters stand in the outbox until smtp: is set in settings.yaml"
for letter in outbox/new/*; do
    python3 - "$letter" <<'PY'
import email, email.policy, sys
mail = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
print(f"To: {mail['To']}\nSubject: {mail['Subject']}\n\n{mail.get_body(('plain',)).get_content()}")
PY
done

say "The kanban and the funnel"
run "COLUMNS=110 crm board"
run "crm report funnel"

say "And the client base is text that git can diff"
run "git diff --stat -- data | tail -3"
run "git diff --unified=1 -- data/leads"

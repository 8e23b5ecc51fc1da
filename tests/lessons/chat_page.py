"""What the chat page shows, as scripts for its tab."""

STATE = "document.body.dataset.state"
WHY = "document.getElementById('why').textContent"
PEOPLE = ("document.getElementById('people').checkVisibility() &&"
          " (document.getElementById('count').textContent +"
          " [...document.querySelectorAll('#people span:not([hidden]) button')]"
          ".map(b => b.textContent).join(', '))")
PRESENT = f"{PEOPLE}.split(/[:,] /).sort().join()"  # in the order of their names
TYPED = "document.getElementById('text').value"
# Each with its name, what is not read in it, and whether it is the one that is shown.
ROOMS = ("[...document.querySelectorAll('#tabs button')]"
         ".map(b => [b.textContent, b.dataset.unread, b.ariaCurrent])")
# In the room that is shown.
SAID = ("[...document.querySelectorAll('#lists ol:not([hidden]) .said')]"
        ".map(l => l.dataset.head + ': ' + l.textContent)")
NOTES = "[...document.querySelectorAll('#lists ol:not([hidden]) .note')].map(l => l.textContent)"
ERRORS = "[...document.querySelectorAll('#errors li')].map(l => l.textContent)"
RAW = "[...document.querySelectorAll('#trace li')].map(l => l.className + ' ' + l.textContent)"

# Whoever waits need not wait so long. False, for what is waited for is something else.
HURRY = "(part => part.checkVisibility() && !!part.click())(document.getElementById('again'))"

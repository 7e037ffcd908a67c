"""Programs in the prompt language of ``dsl``: their graphs are what the flows view shows."""

from dsl import assistant, function, gen, select, system, user

RULES = "Answer in one sentence."


@function
def tip(s, topic):
    """Fork into drafts, write them side by side, choose one."""
    s += system(RULES)
    s += user("Give a tip about " + topic + ".")
    drafts = s.fork(2)
    for number, draft in enumerate(drafts):
        draft += assistant(gen(f"draft_{number}", max_tokens=64, stop="."))
    s += assistant("First: " + drafts[0]["draft_0"] + " Second: " + drafts[1]["draft_1"])
    s += assistant("The better one is " + select("choice", choices=["first", "second"]))


@function
def question(s, text):
    """Branch on what was generated."""
    s += user(text) + assistant(select("tool", choices=["calculator", "search"]))
    if s["tool"] == "calculator":
        s += assistant("The expression is " + gen("expression", stop="\n"))
    else:
        s += assistant("The words to search for are " + gen("words"))
    for turn in range(2):
        s += user("And then?")
        s += assistant(gen(f"answer_{turn}"))


if __name__ == "__main__":
    print(tip.run(topic="tea").text)
    print(question.run(text="What is 2 + 2?").variables)

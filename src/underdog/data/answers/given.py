"""Common given names of persons, as English trivia has them.

In: nothing. Out: two sets of names in lower case. Written by hand; a name that is missing costs a
person's name without a telling question its kind, nothing more.
"""

from __future__ import annotations

from underdog.data.answers.aliases import NICKNAMES
from underdog.data.answers.wordlist import word_set

_NAMES = word_set("""
    aaron adam adele adrian agatha agnes aidan alan alana albert alejandro alexandra alexis alfredo
    alice alicia alison allen allison alvin amanda amber amelia amy ana andre andrea andreas angela
    angelina anita ann anna anne annie antonio april ariel arnold arthur arturo ashley ashton audrey
    august austin ava avril barbara barbra barry bart beatrice ben bernard bernie bernice beth betty
    beverly beyonce bjorn blake bob bonnie boris brad bradley brandon brandy brenda brendan brent
    brett brian bridget britney brittany brooke bruce bruno bryan burt caitlin calvin cameron
    candice carl carla carlos carly carmen carol carole caroline carrie cary cate cecil cecilia
    celine cesar chad chandler charlene charles charlize charlotte chelsea cher cheryl chester chris
    christian christina christopher cindy claire clara clark claude claudia clay clayton cliff
    clifford clint clyde colin colleen connie conrad courtney craig cristina crystal curtis cynthia
    cyril daisy dale damon dan dana daniel danielle danny daphne darren david dawn dean deborah
    debbie demi denis denise dennis denzel derek diana diane diego dolly dolores don donald donna
    doris dorothy doug douglas drew duncan dustin dwayne dwight earl eddie edgar edith edmund edna
    eduardo edward edwin eileen elaine eleanor elena eli elijah elisabeth elizabeth ella ellen
    elliot elliott elmer elsa elton elvis emil emilio emily emma emmett enrique eric erica erik erin
    ernest ernesto errol esther ethan ethel eugene eva evan evelyn faith fanny farrah fay felicia
    felix fernando fidel fiona florence floyd forest frances francesco francis francisco frank
    frankie franklin franz fred frederic freida friedrich fritz gabriel gail garry garth gary gene
    geoffrey george georgia gerald geraldine gerard gilbert gina giovanni giuseppe gladys glen glenn
    gloria goldie gordon grace graham grant greg greta guillermo gus gustav guy gwen gwyneth halle
    hank hannah hans harold harriet harrison harry harvey hazel heath heather hector heidi helen
    helena helmut henri henrik herb herbert herman hilary hillary holly homer howard hubert hugh
    hugo humphrey ian ida igor ingrid ira irene iris irving isaac isabel isabella isaiah ivan ivy
    jack jackie jackson jacob jacques jada jade jake james jamie jan jane janet janice janis jared
    jason jasmine jason javier jay jean jeanne jeff jennifer jenny jeremy jerry jesse jessica jessie
    jill jim jimi jimmy joan joanna joanne jodie joel johan johann johannes john johnny jon jonas
    jonathan jordan jorge jose josef joseph josephine josh joshua joyce juan juanita judd jude
    judith judy jules julia julian julianne julie juliet julius june justin karen karin karl kate
    katharine kathy katie katrina kay keanu keira keith kelly kelsey ken kenneth kenny kevin kim
    kimberly kirk kirsten kirstie kristen kristin kurt kyle lance larry lars laura lauren laurence
    laurie lea leah lee lena leo leon leonard leonardo leroy leslie lester lewis liam lillian lily
    linda lindsay lindsey lionel lisa liv liza lloyd lois lola lorenzo loretta lori lorraine lou
    louis louise lucas lucille lucy ludwig luis luke luther lyle lynn mabel macaulay madeleine
    madonna mae maggie marc marcel marcia marco marcus margaret margot maria mariah marian marie
    marilyn mario marion marisa marjorie mark marlene marlon marsha marshall martha martin marvin
    mary matt matthew maureen maurice max maxine megan mel melanie melinda melissa melvin meredith
    meryl mia micah michael micheal michel michelle mickey miguel mike mikhail mila mildred miles
    miley milton mindy minnie miranda miriam mitchell mohammed molly monica monique morgan morris
    moses muhammad muriel myra nadia nancy naomi natalie natasha nathan nathaniel neal ned neil
    nellie nelson nicholas nick nicolas nicole nigel nikita nina noah noel nora norah norm norma
    norman olga oliver olivia omar oprah orlando orson oscar otis otto owen pablo paige pamela paris
    pat patricia patrick patsy paul paula pauline pedro peggy penelope penny percy perry pete peter
    phil philip phoebe phyllis pierre quentin quincy rachel ralph ramon randy raphael raquel ray
    raymond rebecca reese regina reggie rene renee rex rhonda ricardo richard rick ricky rita robbie
    robert roberta roberto robin rocky rod roderick rodney roger roland roman ron ronald ronnie rosa
    rosalind rose rosemary rosie ross roy ruby rudolf rudolph rudy rupert russell ruth ryan sabrina
    sally salma salvador sam samantha samuel sandra sandy sara sarah scarlett scott sean sebastian
    selena serena sergei seth shane shania shannon sharon shaun shawn sheila shelley sherlock sheryl
    shirley sidney sigmund sigourney simon sofia sonia sonny sophia sophie spencer stan stanley
    stella stephanie stephen steve steven stevie stuart sue susan susanna susannah suzanne sybil
    sydney sylvester sylvia tamara tammy tanya tara tatiana taylor ted teresa teri terrence terri
    terry thelma theodore theresa thomas tiffany tim timothy tina tobias todd tom tommy toni tony
    tracey tracy travis trevor tricia tyler tyra tyrone uma ursula val valerie vanessa vera vernon
    veronica vic vicki victor victoria vince vincent viola violet virginia vivian vivien vladimir
    wallace wally walter wanda warren wayne wendy wesley whitney whoopi wilbur wilhelm will willem
    william willie wilma winona winston wolfgang woodrow woody xavier yolanda yoko yves yvonne zach
    zachary zoe zsa
""")
ALSO_WORDS = word_set("""
    april august june may rose grace faith hope will bill mark jack frank rich art daisy lily violet
    ruby jade amber crystal dawn iris ivy hazel holly jasmine robin rocky max art miles dale clay
    cliff earl guy gene grant forest heath jay june jordan georgia virginia florence paris austin
    sydney jackson madonna bob pat sue drew rod ray lance penny olive ginger pearl sandy sunny
    mercury dick chuck buddy skip chase hunter carol angel victor jerry tony oscar emmy
""")
"""Given names that are words, months or places as well: no person by themselves."""

GIVEN_NAMES = _NAMES | ALSO_WORDS | frozenset(NICKNAMES) | frozenset(NICKNAMES.values())
"""Names by which a capitalised phrase is known as a person's: "Paula Patton"."""

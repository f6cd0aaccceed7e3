"""Training folders of terse notes: medication lists, values, examinations and orders with questions, all drawn from tables.

usage: python -m tests.train.notes OUT_FOLDER [--folders 150] [--seed 1]
Writes OUT_FOLDER/folders/*/*.txt and OUT_FOLDER/questions.jsonl, which `tests.train.prepare` reads. Everything in it is invented:
a statement is a line from a table below with drawn values, and its questions stand beside it. What was not drawn for a patient
is asked too, and has no answer. Written because notes in whole sentences, which the other folders mostly are, teach a reader
nothing about "Torsemide 40 mg PO daily".
"""

import argparse
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DRUGS = """
apixaban|Eliquis|blood thinner,anticoagulant|atrial fibrillation,irregular heartbeat,clots|2.5 mg,5 mg|BID,twice daily
warfarin|Coumadin|blood thinner,anticoagulant|mechanical valve,clots|3 mg,5 mg|daily at 6 pm,every evening
rivaroxaban|Xarelto|blood thinner,anticoagulant|DVT,leg clot|15 mg,20 mg|daily with supper
clopidogrel|Plavix|antiplatelet,blood thinner|stent|75 mg|daily
aspirin||antiplatelet|heart protection|81 mg|daily
metoprolol succinate|Toprol XL|beta blocker|rate control,heart failure|25 mg,50 mg,100 mg|daily
carvedilol|Coreg|beta blocker|heart failure|3.125 mg,12.5 mg|BID with food
lisinopril|Zestril|ACE inhibitor|blood pressure|5 mg,10 mg,20 mg|daily
losartan|Cozaar|ARB,angiotensin blocker|blood pressure|25 mg,50 mg|daily
amlodipine|Norvasc|calcium channel blocker|blood pressure|5 mg,10 mg|daily
furosemide|Lasix|water pill,loop diuretic|swelling,fluid|20 mg,40 mg|BID,every morning
torsemide|Demadex|water pill,loop diuretic|swelling,fluid|20 mg,40 mg|daily
spironolactone|Aldactone|water pill,potassium-sparing diuretic|ascites,heart failure|25 mg,50 mg|daily
atorvastatin|Lipitor|statin,cholesterol medicine|cholesterol|20 mg,40 mg,80 mg|nightly,at bedtime
rosuvastatin|Crestor|statin,cholesterol medicine|cholesterol|10 mg,20 mg|nightly
amiodarone|Pacerone|antiarrhythmic|ventricular ectopy,atrial fibrillation|200 mg|daily
digoxin|Lanoxin|cardiac glycoside|rate control|0.125 mg|every other day
metformin|Glucophage|diabetes pill,biguanide|diabetes,sugar|500 mg,1000 mg|BID with meals
glipizide|Glucotrol|sulfonylurea,diabetes pill|diabetes,sugar|5 mg|before breakfast
empagliflozin|Jardiance|SGLT2 inhibitor|diabetes,heart failure|10 mg,25 mg|every morning
semaglutide|Ozempic|GLP-1 injection|diabetes|0.5 mg,1 mg|subcut once weekly
insulin glargine|Lantus|long-acting insulin,basal insulin|diabetes|12 units,20 units,34 units|subcut at bedtime
insulin lispro|Humalog|mealtime insulin,rapid insulin|diabetes|4 units,6 units|subcut before meals
levothyroxine|Synthroid|thyroid hormone|hypothyroidism,thyroid|50 mcg,88 mcg,112 mcg|daily on an empty stomach
prednisone|Deltasone|steroid|asthma flare,rheumatoid arthritis|5 mg,20 mg,40 mg|daily x 5 days,daily
omeprazole|Prilosec|PPI,acid blocker|reflux,heartburn|20 mg,40 mg|before breakfast
famotidine|Pepcid|H2 blocker,acid blocker|heartburn|20 mg|BID
ondansetron|Zofran|antiemetic,nausea medicine|nausea|4 mg|q8h PRN
oxycodone|Roxicodone|opioid,narcotic|pain|2.5 mg,5 mg|q6h PRN
tramadol|Ultram|opioid|pain|50 mg|q6h PRN
acetaminophen|Tylenol|painkiller|pain,fever|500 mg,650 mg|q6h PRN
gabapentin|Neurontin|nerve pain medicine|neuropathy,nerve pain|100 mg,300 mg|TID
duloxetine|Cymbalta|SNRI,antidepressant|depression,neuropathy|30 mg,60 mg|daily
sertraline|Zoloft|SSRI,antidepressant|depression,anxiety|50 mg,100 mg|daily
escitalopram|Lexapro|SSRI,antidepressant|depression|10 mg|daily
quetiapine|Seroquel|antipsychotic|sleep,bipolar disorder|25 mg,100 mg|at bedtime
lithium carbonate|Lithobid|mood stabilizer|bipolar disorder|300 mg,450 mg|BID
levetiracetam|Keppra|seizure medicine,anticonvulsant|seizures,epilepsy|500 mg,750 mg|BID
lamotrigine|Lamictal|seizure medicine,anticonvulsant|seizures|100 mg,200 mg|BID
donepezil|Aricept|dementia medicine|memory|5 mg,10 mg|at bedtime
carbidopa-levodopa|Sinemet|Parkinson medicine|Parkinson disease,tremor|25-100 mg|TID,four times daily
albuterol|ProAir|rescue inhaler,bronchodilator|wheezing,asthma|2 puffs|q4h PRN
tiotropium|Spiriva|long-acting inhaler|COPD|18 mcg|inhaled daily
budesonide-formoterol|Symbicort|controller inhaler|asthma|160-4.5 mcg, 2 puffs|BID
montelukast|Singulair|leukotriene blocker|allergies,asthma|10 mg|nightly
ceftriaxone|Rocephin|antibiotic,cephalosporin|pneumonia|1 g,2 g|IV daily
cephalexin|Keflex|antibiotic,cephalosporin|cellulitis,skin infection|500 mg|QID x 7 days
amoxicillin-clavulanate|Augmentin|antibiotic,penicillin|sinusitis,bite|875-125 mg|BID x 7 days
doxycycline|Vibramycin|antibiotic|bronchitis,tick bite|100 mg|BID x 10 days
nitrofurantoin|Macrobid|antibiotic|bladder infection,UTI|100 mg|BID x 5 days
vancomycin||antibiotic|MRSA|1 g,1.25 g|IV q12h
piperacillin-tazobactam|Zosyn|antibiotic|abdominal infection|3.375 g,4.5 g|IV q8h
enoxaparin|Lovenox|clot prevention shot,low molecular weight heparin|clot prevention|40 mg,80 mg|subcut daily,subcut q12h
alendronate|Fosamax|bisphosphonate,bone medicine|osteoporosis|70 mg|once weekly
cholecalciferol|vitamin D3|vitamin|low vitamin D|1000 units,2000 units|daily
ferrous sulfate||iron pill|anemia,low iron|325 mg|every other day,daily
folic acid||vitamin|methotrexate use|1 mg|daily
methotrexate|Trexall|DMARD|rheumatoid arthritis|15 mg,20 mg|once weekly
hydroxychloroquine|Plaquenil|DMARD|lupus|200 mg|BID
adalimumab|Humira|biologic|Crohn disease,psoriasis|40 mg|subcut every 2 weeks
tacrolimus|Prograf|anti-rejection drug,immunosuppressant|kidney transplant|1 mg,3 mg|BID
mycophenolate|CellCept|anti-rejection drug,immunosuppressant|kidney transplant|500 mg,1000 mg|BID
tamsulosin|Flomax|alpha blocker|prostate,urinary retention|0.4 mg|nightly
finasteride|Proscar|prostate medicine|prostate|5 mg|daily
oxybutynin|Ditropan|bladder medicine,anticholinergic|urgency|5 mg|BID
lactulose||laxative|encephalopathy,confusion from the liver|20 g|TID, titrate to 3 stools
rifaximin|Xifaxan|antibiotic|encephalopathy|550 mg|BID
senna|Senokot|laxative|constipation|8.6 mg|at bedtime
polyethylene glycol|MiraLAX|laxative|constipation|17 g|daily
allopurinol|Zyloprim|gout medicine,urate lowering drug|gout|100 mg,300 mg|daily
colchicine|Colcrys|gout medicine|gout flare|0.6 mg|BID
cyclobenzaprine|Flexeril|muscle relaxant|back spasm|5 mg|at bedtime PRN
lidocaine patch|Lidoderm|pain patch|rib pain,back pain|5%|12 h on, 12 h off
trazodone||sleep medicine|insomnia,sleep|50 mg|at bedtime
lorazepam|Ativan|benzodiazepine|anxiety,seizure rescue|0.5 mg,1 mg|q8h PRN
naloxone|Narcan|opioid antidote|overdose rescue|4 mg nasal|PRN
nicotine patch|NicoDerm|smoking cessation aid|quitting smoking|14 mg,21 mg|daily
timolol|Timoptic|glaucoma drops,eye drops|glaucoma|0.5%|one drop both eyes BID
latanoprost|Xalatan|glaucoma drops,eye drops|glaucoma|0.005%|one drop each eye nightly
sumatriptan|Imitrex|triptan|migraine|50 mg|at onset, may repeat once
anastrozole|Arimidex|aromatase inhibitor,hormone therapy|breast cancer|1 mg|daily
osimertinib|Tagrisso|targeted therapy|EGFR lung cancer|80 mg|daily
dexamethasone|Decadron|steroid|brain swelling,nausea with chemotherapy|4 mg|BID
midodrine||blood pressure raiser|low blood pressure,dizziness on standing|5 mg,10 mg|TID
hydralazine||vasodilator|blood pressure|25 mg|TID
isosorbide mononitrate|Imdur|nitrate|angina,chest pain|30 mg,60 mg|every morning
nitroglycerin|Nitrostat|nitrate|chest pain|0.4 mg|SL q5min PRN x 3
potassium chloride|K-Dur|potassium supplement|low potassium|20 mEq|daily
sodium bicarbonate||alkali|acidosis,kidney disease|650 mg|TID
sevelamer|Renvela|phosphate binder|high phosphate|800 mg|with meals
epoetin alfa|Procrit|ESA|anemia of kidney disease|10000 units|subcut weekly
"""
"""generic | brand | classes | reasons | doses | how often."""

LABS = """
Hgb|hemoglobin,blood count,H&H|7.4,8.1,9.6,11.2,12.8,13.9|g/dL
WBC|white count,white cells,leukocytes|3.1,6.8,9.4,12.6,18.2|K/uL
Plt|platelets,platelet count|48,112,187,240,410|K/uL
Na|sodium,salt level|124,131,136,141|mmol/L
K|potassium|2.9,3.4,4.1,5.6|mmol/L
Cr|creatinine,kidney function,renal function|0.7,1.1,1.8,2.9|mg/dL
eGFR|kidney function,GFR,filtration rate|22,38,54,78|mL/min/1.73 m2
BUN|urea nitrogen,urea|12,28,46|mg/dL
Glucose|sugar,blood sugar|68,98,164,312|mg/dL
A1c|HbA1c,hemoglobin A1c,three-month sugar,glycated hemoglobin|5.8,6.9,8.2,11.4|%
INR|INR,clotting level,coagulation|1.0,1.4,2.6,4.8|
Troponin T|troponin,cardiac enzymes,heart enzyme|<6,18,64,412|ng/L
BNP|BNP,natriuretic peptide,heart failure marker|88,640,1840|pg/mL
Lactate|lactic acid,lactate|1.1,2.4,5.2|mmol/L
CRP|C-reactive protein,inflammation marker|4,38,164|mg/L
AST|liver enzymes,transaminases,AST|22,88,410|U/L
ALT|liver enzymes,ALT,transaminases|18,96,512|U/L
Total bilirubin|bilirubin,jaundice level,bili|0.6,2.8,7.1|mg/dL
Albumin|albumin,protein level|2.1,2.8,3.9|g/dL
TSH|thyroid test,thyroid level,TSH|0.02,2.4,11.8|mIU/L
Ferritin|iron stores,ferritin|9,64,880|ng/mL
B12|vitamin B12,cobalamin|148,420|pg/mL
25-OH vitamin D|vitamin D level|11,24,41|ng/mL
Lipase|pancreas enzyme,lipase|28,940|U/L
Mg|magnesium|1.2,1.9|mg/dL
Phos|phosphate,phosphorus|1.8,3.6,6.2|mg/dL
Calcium|calcium|7.9,9.4,11.6|mg/dL
PSA|prostate test,PSA|0.4,3.1,14.2|ng/mL
LDL|bad cholesterol,LDL|58,104,171|mg/dL
D-dimer|D-dimer,clot test|0.3,2.8|ug/mL FEU
Procalcitonin|procalcitonin,PCT|0.08,4.6|ng/mL
Uric acid|urate,uric acid|4.8,9.7|mg/dL
Ammonia|ammonia|38,112|umol/L
pH|blood gas,ABG,acidity|7.21,7.36,7.48|
"""
"""short name | asked as | values | unit."""

EXAM = """
General|cachectic, in no distress;comfortable, speaking full sentences;anxious, diaphoretic|how did he look,general appearance,was she in distress
Neck|JVP 12 cm;supple, no bruit;no adenopathy|neck vein distension,JVP,neck exam
Lungs|crackles at both bases;clear bilaterally;decreased breath sounds at the right base;diffuse expiratory wheeze|lung exam,what did the chest sound like,any wheezing or crackles
Heart|irregularly irregular, no murmur;regular, 2/6 systolic murmur at the right upper border;S3 present|any murmur,heart sounds,cardiac exam
Abdomen|soft, tender in the RUQ, no guarding;distended with shifting dullness;soft, nontender|belly exam,abdominal tenderness,was there guarding
Extremities|2+ pitting edema to the knees;no edema, pulses 2+;left calf 3 cm larger than right|leg swelling,edema,legs on exam,pulses in the feet
Neuro|alert, oriented x 3, strength 5/5;right pronator drift, NIHSS 4;oriented to person only|mental status,neurologic exam,oriented,any weakness
Skin|warm, no rash;stage 2 sacral pressure injury 2 x 3 cm;erythema left shin 8 x 10 cm|rash,pressure sore,bed sore,skin findings
Incision|clean, dry, staples in place;serous drainage at the lower pole;healing, no erythema|surgical wound,how does the incision look,staples
Eyes|sclera icteric;pupils 3 mm, reactive;visual acuity 20/40 both|pupils,yellow eyes,eye exam
Gait|steady without aid;shuffling, needs two-wheeled walker;not assessed, non-weight-bearing|how does she walk,walking,gait
Joints|synovitis of both wrists;right knee effusion, warm;no swollen joints|swollen joints,joint exam
"""
"""part | findings | asked as."""

IMAGING = """
Lungs|Subsegmental atelectasis at the left base;8 mm solid nodule, right upper lobe;Consolidation, left lower lobe|lung nodule,pneumonia on the film,consolidation
Pleura|Small right effusion;No effusion or pneumothorax;Moderate left effusion, layering|fluid around the lung,pleural effusion,collapsed lung,pneumothorax
Heart|Enlarged, cardiothoracic ratio 0.58;Normal in size, no pericardial effusion|heart size,big heart,cardiomegaly
Pulmonary arteries|Segmental embolus, right lower lobe;No filling defect to the segmental level|PE,clot in the lung,pulmonary embolism
Aorta|Infrarenal diameter 3.8 cm, was 3.5 cm;Normal caliber, mild calcification;Ascending aorta 4.4 cm|aneurysm,how wide is the aorta,AAA size
Liver|Nodular contour, no focal lesion;1.9 cm hypodense lesion, segment 6;Normal size and echotexture|liver lesion,cirrhosis on imaging,liver mass
Gallbladder|Stones to 11 mm, wall 2 mm, no fluid;Surgically absent;Wall thickened to 6 mm|gallstones,gallbladder wall
Bile ducts|Common duct 9 mm;Not dilated, common duct 4 mm|common bile duct,duct size,dilated ducts
Pancreas|Peripancreatic stranding;12 mm cyst in the tail;Unremarkable|pancreatitis,pancreatic cyst
Spleen|14.6 cm;Normal, 10 cm|enlarged spleen,spleen size
Kidneys|Mild left hydronephrosis, 5 mm distal ureteral stone;No hydronephrosis;2.2 cm simple cyst, right upper pole|kidney stone,hydronephrosis,blocked kidney
Bladder|Wall thickened, residual 180 mL;Decompressed around a catheter|residual urine,bladder
Adrenals|1.4 cm left adenoma, 6 HU;Normal|adrenal nodule,adrenals
Bowel|Dilated small bowel to 3.6 cm, transition in the pelvis;Wall thickening of the sigmoid;No obstruction|bowel obstruction,blocked bowel,colitis
Lymph nodes|Left axillary node 1.6 cm;None enlarged;Para-aortic nodes to 1.3 cm|lymph nodes,adenopathy,nodes
Bones|Acute L1 compression fracture, 30% height loss;No destructive lesion;Old right rib fractures|fracture,broken bone,bone lesion
Brain|No hemorrhage or mass;Acute infarct, left MCA territory;Subdural hematoma 7 mm, right convexity|bleed in the head,stroke on the scan,intracranial hemorrhage
Thyroid|1.8 cm right nodule, TI-RADS 4;Normal|thyroid nodule
Breast|Spiculated mass at 2 o'clock, 14 mm, left;No suspicious mass|breast lump,mass on the mammogram
Tubes and lines|Endotracheal tube 4 cm above the carina;Right PICC tip at the cavoatrial junction|tube position,where is the PICC,line tip
"""
"""organ | findings | asked as."""

TRAITS = """
Tobacco|quit 2015, 30 pack-years;never;1 pack a day for 22 years|smoke,smoker,smoking history,tobacco use
Alcohol|2 beers a week;none since 2019;half a bottle of wine nightly|drink,alcohol use,drinking
Drugs|none;cannabis weekends;former IV heroin, none in 6 years|recreational drugs,drug use,IV drug use
Lives|alone, third floor, no elevator;with spouse and two cats;assisted living|living situation,who does she live with,home situation
Work|retired welder;night-shift nurse;school bus driver|occupation,job,what does he do for work
Code status|Full code;DNR/DNI;DNR, would accept intubation|code status,DNR,resuscitation wishes
Health care proxy|daughter, paperwork on chart;none named;brother|who decides for him,health care proxy,surrogate
Diet|2 g sodium;carbohydrate-controlled;puree, nectar-thick liquids|diet,what can he eat,food restriction
Fluid|limit 1.5 L a day;no restriction|fluid restriction,how much can she drink a day
Activity|weight bearing as tolerated, left leg;no lifting over 10 lb for 6 weeks;bed rest|activity limits,lifting,weight bearing,what can she do after surgery
Driving|none until cleared by neurology;may drive when off opioids|drive,driving
Wound care|dry gauze daily, staples out day 14;leave strips until they fall off|dressing,staples out,wound care
Oxygen|2 L by nasal cannula, new;room air;3 L at night only|home oxygen,oxygen need,how much O2
Disposition|home with nursing;skilled nursing facility;inpatient rehab|where did she go,discharged to,disposition
Condition at discharge|stable, walks 50 feet with walker;fair;good|condition at discharge,state when leaving
Weight|81.4 kg at discharge, 86.0 kg on admission;58.2 kg|weight,dry weight
Height|172 cm;5 ft 2 in|height,how tall
Mobility|one-person assist;independent;wheelchair, transfers with board|mobility,transfers,get around
Hearing|aids both ears;normal|hearing
Language|Spanish, interpreter used;English|interpreter,language
Fall risk|high, Morse 65, bed alarm on;low|fall risk,falls
Isolation|contact, MRSA nares;none|isolation,precautions
Foley|placed on day 1, out day 3;none|catheter,Foley
IV access|20 G left forearm;right arm PICC, placed day 4|IV,line
Last bowel movement|this morning, soft;4 days ago|bowel movement,stool
Pain|3/10 at rest, 7/10 walking;none|pain score,how bad is the pain
Urine output|1,450 mL in 24 h;320 mL in 24 h|urine output,peeing
Ejection fraction|35%, was 45%;60%|EF,heart function,pump function
Last menstrual period|14 days ago;postmenopausal|LMP,period
Tetanus|booster today;2018|tetanus,lockjaw shot
Influenza vaccine|given, right deltoid;declined|flu shot,flu vaccine
Pneumococcal vaccine|PCV20 given;due|pneumonia shot,pneumococcal
Advance directive|on file;not completed|living will,advance directive
Consent|signed by patient;by telephone from son|consent
Estimated blood loss|150 mL;600 mL|blood loss,bleed during surgery
Anesthesia|general;spinal with sedation|anesthesia,put to sleep
Specimens|gallbladder to pathology;none|specimen,sent to pathology
Drains|one 19 Fr in the pelvis;none|drain
Complications|none;intraoperative hypotension, brief|complications,anything go wrong
Antibiotic given|cefazolin 2 g at incision;clindamycin 900 mg|antibiotic before surgery,prophylaxis
"""
"""label | values | asked as."""

ALLERGENS = """penicillin,sulfa,codeine,morphine,latex,iodinated contrast,shellfish,aspirin,ciprofloxacin,adhesive tape,eggs,peanuts,vancomycin,
lisinopril,amoxicillin,bee stings,metronidazole,ibuprofen"""
REACTIONS = "hives,anaphylaxis,rash,nausea,facial swelling,cough,wheezing,itching,unknown reaction in childhood,flushing"
HISTORY = """hypertension,type 2 diabetes,COPD,asthma,atrial fibrillation,gout,hypothyroidism,GERD,coronary disease with stent 2019,stroke 2016,
breast cancer 2011,appendectomy 1998,cholecystectomy 2014,right hip replacement 2020,hysterectomy 2008,colon polyps,seizure disorder,
chronic kidney disease stage 3b,osteoporosis,sleep apnea on CPAP,migraine,psoriasis,Crohn disease,DVT 2017,depression,glaucoma,cataract surgery both eyes,
L4-L5 fusion 2013,carotid endarterectomy 2018,pacemaker 2021"""
FAMILY = "colon cancer,breast cancer,early heart attack,type 1 diabetes,Huntington disease,stroke,polycystic kidneys,clotting disorder,melanoma,glaucoma"
KIN = "Mother,Father,Sister,Brother,Maternal aunt,Paternal grandfather"
SYMPTOMS = """chest pain,syncope,palpitations,shortness of breath,leg swelling,fever,chills,night sweats,weight loss,cough,hemoptysis,nausea,vomiting,
diarrhea,black stools,blood in urine,dysuria,headache,double vision,numbness,trouble swallowing,joint pain,rash,back pain,dizziness"""
CLINICS = """Cardiology,Nephrology,Oncology,Wound clinic,Pulmonary,Primary care,Orthopedics,Neurology,Anticoagulation clinic,GI,Endocrine,
Vascular surgery,Physical therapy,Sleep clinic,Eye clinic,Urology"""
WORDS_OF = {
    "Cardiology": "heart doctor",
    "Nephrology": "kidney doctor",
    "Oncology": "cancer doctor",
    "Pulmonary": "lung doctor",
    "Primary care": "family doctor",
    "Orthopedics": "bone doctor",
    "Neurology": "nerve doctor",
    "GI": "stomach doctor",
    "Endocrine": "diabetes doctor",
    "Eye clinic": "eye doctor",
    "Urology": "urologist",
    "Physical therapy": "PT",
}
PENDING = """blood cultures,urine culture,surgical pathology,vitamin D level,intact PTH,SPEP,HIV viral load,hepatitis B DNA,send-out autoimmune panel,
final read of the echocardiogram,sputum AFB x 3,genetic panel"""
TESTS = """Echo|EF 35%, mild MR;EF 60%, no valve disease|echo,heart ultrasound
ECG|sinus rhythm 72, no ST change;AF at 118, LBBB new|EKG,rhythm,heart tracing
CXR|clear;right lower lobe opacity;small bilateral effusions|chest x-ray,chest film
CT head|no acute finding;old lacunar infarct|head CT,brain scan
CT abdomen|sigmoid diverticulitis, no abscess;5 mm left ureteral stone|belly CT,abdominal scan
EGD|two clean-based ulcers, antrum;grade 2 varices banded x 3|endoscopy,scope
Colonoscopy|three polyps, tubular adenoma, repeat in 3 years;normal, repeat 2034|colonoscopy,colon check
Stress test|reversible inferior defect;negative|stress test
Spirometry|FEV1 48% predicted, ratio 0.56;normal|breathing test,PFT,lung function
Blood cultures|2 of 2 MSSA;no growth at 5 days|blood cultures,bacteria in the blood
Urine culture|E. coli >100,000, sensitive to nitrofurantoin;mixed flora|urine culture,urine grow
COVID PCR|negative;positive|covid,covid test
DXA|T-score -2.8 femoral neck;T-score -1.1|bone density,DEXA
Duplex legs|acute DVT left popliteal;no DVT|leg clot,leg ultrasound,DVT study
MRI spine|L4-L5 disc extrusion, right S1 root;mild degenerative change|back MRI,spine MRI
Sleep study|AHI 34;AHI 3|sleep study
Paracentesis|4.2 L removed, 88 PMN;not done, too little fluid|belly tap,fluid taken off,paracentesis
Lumbar puncture|2 WBC, protein 41;opening pressure 31 cm|spinal tap,LP
Biopsy|adenocarcinoma, EGFR exon 19 deletion;benign|biopsy,pathology
Mammogram|BI-RADS 2;BI-RADS 4B, left|mammogram
Swallow study|silent aspiration of thin liquids;safe for regular diet|swallow test,swallowing
Carotid duplex|left 70-79%;under 50% both sides|neck arteries,carotids
"""
MONTHS = "January,February,March,April,May,June,July,August,September,October,November,December".split(",")


def table(text: str) -> list[list[str]]:
    """The rows of a table above."""
    return [line.split("|") for line in text.strip().splitlines()]


def begun(text: str) -> str:
    """The text with its first letter in upper case, and no other changed."""
    return text[:1].upper() + text[1:]


def names(text: str) -> list[str]:
    """The comma-separated names of a list above."""
    return [name.strip() for name in text.split(",") if name.strip()]


@dataclass
class Paper:
    """What is drawn for a patient: lines by section, and questions with the lines that answer."""

    draw: random.Random
    number: str
    woman: bool
    lines: dict[str, list[str]] = field(default_factory=dict)
    questions: list[tuple[str, list[str], str]] = field(default_factory=list)

    @property
    def who(self) -> str:
        """The patient, in one of the ways in which people say it."""
        return self.draw.choice(["the patient", "she" if self.woman else "he", self.number, "pt", "this patient", "the patient"])

    @property
    def whose(self) -> str:
        """Possessive of the same."""
        return self.draw.choice(["the patient's", "her" if self.woman else "his", f"{self.number}'s", "pt's"])

    def add(self, section: str, line: str) -> str:
        """Places a line in a section, and gives it back."""
        self.lines.setdefault(section, []).append(line)
        return line

    def ask(self, kind: str, gold: Sequence[str], *ways: str) -> None:
        """Asks for some lines, in one of the ways given; no line means that nothing answers."""
        way = self.draw.choice(ways)
        text = way.format(who=self.who, whose=self.whose, number=self.number)
        if self.draw.random() < 0.3:
            text = f"{text.rstrip('?')} ({self.number})?" if self.number not in text and self.draw.random() < 0.3 else text.rstrip("?")
        if self.draw.random() < 0.4:
            text = text[0].lower() + text[1:]
        self.questions.append((text, list(gold), kind))


def medications(paper: Paper) -> None:
    """A list of what is taken, in one style, with what was started, changed and stopped."""
    draw = paper.draw
    rows = draw.sample(table(DRUGS), draw.randint(6, 13))
    rest = [row for row in table(DRUGS) if row not in rows]
    style = draw.randrange(5)
    held: dict[str, list[str]] = {}
    sections = ["Discharge medications"] if style < 3 else ["Continue", "Start"]
    for name, brand, classes, reasons, doses, often in rows:
        dose, how, reason = draw.choice(names(doses)), draw.choice(often.split(",")), names(reasons)[0]
        mark = draw.choice(["", "", "", " (NEW)", f" ({brand})" if brand else "", f" for {reason}", f", for {reason}"])
        route = "" if any(word in how for word in ("IV", "subcut", "inhaled", "SL", "drop")) or "puff" in dose or "%" in dose else " PO"
        route = draw.choice([route, " by mouth"]) if route else ""
        written = name if style % 2 else begun(name)
        line = paper.add(draw.choice(sections), f"{written} {dose}{route} {how}{mark}")
        for one in names(classes):
            held.setdefault(one, []).append(line)
        for one in names(reasons):
            held.setdefault(one, []).append(line)
        called = draw.choice([name, name, brand or name])
        paper.ask(
            "dose", [line], f"What dose of {called}?", f"How much {called} is {{who}} on?", f"{called} dose?", f"Which dose of {called} did {{who}} go home on?",
            f"How often does {{who}} take {called}?", f"Is {{who}} on {called}?", f"How should {called} be taken?", f"{called} - dose and frequency",
            f"Was {called} prescribed?",
        )  # fmt: skip
    for one in draw.sample(sorted(held), min(5, len(held))):
        is_class = any(one in names(row[2]) for row in table(DRUGS))
        if is_class:
            ways = [f"Is {{who}} on a {one}?", f"Which {one} does {{who}} take?", f"What {one} was prescribed?", f"any {one} on the list?"]
        else:
            ways = [f"What is {{who}} taking for {one}?", f"medicine for {one}?", f"Which drug treats {{whose}} {one}?", f"What was given for {one}?"]
        paper.ask("class", held[one], *ways)
    for name, brand, classes, _, _, _ in draw.sample(rest, 3):
        known = [one for one in names(classes) if one not in held]
        called = draw.choice([name, brand or name])
        paper.ask("dose", [], f"What dose of {called}?", f"How much {called} is {{who}} taking?", f"Why was {called} started?", f"{called} dose on discharge?")
        if known:
            paper.ask("class", [], f"Is {{who}} on a {known[0]}?", f"Which {known[0]} does {{who}} take?")
    for name, brand, *_ in draw.sample(rest, draw.randint(0, 2)):
        why = draw.choice(["dizziness", "rising creatinine", "rash", "no longer needed", "bleeding", "low sodium", "sedation", "cost"])
        line = paper.add("Stopped", draw.choice([f"{begun(name)}: {why}", f"{name} - stopped, {why}", f"STOP {name} ({why})"]))
        called = draw.choice([name, brand or name])
        paper.ask("stopped", [line], f"Why was {called} stopped?", f"Is {{who}} still on {called}?", f"What happened to the {called}?", f"reason {called} was discontinued")
    for name, brand, *_ in draw.sample(rows, 1):
        old = draw.choice(["half of this", "twice daily before", "5 mg before", "a higher dose before"])
        line = paper.add("Changed", f"{begun(name)}: dose changed, {old}")
        paper.ask("changed", [line], f"Was {name} changed?", f"What changed with {{whose}} {brand or name}?", f"previous {name} dose")


def values(paper: Paper) -> None:
    """Laboratory values, a line each or several in one, some measured twice, and vital signs."""
    draw = paper.draw
    rows = draw.sample(table(LABS), draw.randint(6, 12))
    rest = [row for row in table(LABS) if row not in rows]
    together = draw.random() < 0.5
    said: list[tuple[list[str], str]] = []
    pool: list[str] = []
    for name, asked, drawn, unit in rows:
        value = draw.choice(drawn.split(","))
        mark = draw.choice(["", "", " (H)", " (L)", f" (was {draw.choice(drawn.split(','))})"])
        text = f"{name} {value}{'' if unit == '%' and not together else ' '}{unit}".strip() + mark
        said.append((names(asked), text))
        pool.append(text)
    lines = list[str]()
    while pool:
        take, pool = (pool[:4], pool[4:]) if together else (pool[:1], pool[1:])
        lines.append(paper.add("Labs", ", ".join(take) + ("." if together else "")))
    for asked, text in said:
        gold = [line for line in lines if text in line]
        one = draw.choice(asked)
        paper.ask("value", gold, f"What was the {one}?", f"{one}?", f"How was {{whose}} {one}?", f"latest {one}", f"Was the {one} abnormal?", f"What did the {one} show?")
    taken = {one for asked, _ in said for one in asked}
    for _, asked, _, _ in draw.sample(rest, 3):
        free = [one for one in names(asked) if one not in taken]
        if free:
            paper.ask("value", [], f"What was the {free[0]}?", f"{{whose}} {free[0]}?", f"latest {free[0]}")
    high, pulse, breath, air, warm = draw.randint(88, 190), draw.randint(52, 138), draw.randint(12, 32), draw.randint(84, 99), draw.uniform(36.0, 39.6)
    parts = [
        (f"BP {high}/{high // 2 + 10}", "blood pressure,BP,pressure"),
        (f"HR {pulse}", "heart rate,pulse"),
        (f"RR {breath}", "respiratory rate,breathing rate"),
        (f"SpO2 {air}% on {draw.choice(['room air', '2 L', '4 L'])}", "oxygen saturation,sats,O2 sat,pulse ox"),
        (f"T {warm:.1f} C", "temperature,fever,temp"),
    ]
    draw.shuffle(parts)
    shown = parts[: draw.randint(3, 5)]
    line = paper.add("Vitals", ", ".join(text for text, _ in shown))
    for _, asked in draw.sample(shown, 2):
        one = draw.choice(names(asked))
        paper.ask("vital", [line], f"What was {{whose}} {one}?", f"{one} on arrival?", f"how was the {one}", f"vitals: {one}")


def labelled(paper: Paper, section: str, rows: Sequence[list[str]], most: int, ways: Sequence[str], bare: float) -> None:
    """Lines of the form "label: value", asked by words that stand beside them in the table."""
    draw = paper.draw
    chosen = draw.sample(list(rows), draw.randint(max(3, most // 2), most))
    for label, found, asked in chosen:
        value = draw.choice(found.split(";"))
        written = draw.choice([f"{label}: {value}", f"{label}: {value}.", f"{label} - {value}"])
        if draw.random() < bare:
            written = value + "."
        line = paper.add(section, written)
        if written == value + "." and draw.random() < 0.5:
            continue
        one = draw.choice(names(asked))
        told = one.startswith(("what", "how", "where", "who", "any", "was"))
        paper.ask("finding", [line], *([one + "?"] if told else [way.format(one=one, who="{who}", whose="{whose}") for way in ways]))
    for _, _, asked in draw.sample([row for row in rows if row not in chosen], 1):
        told = ("how", "what", "where", "any", "was", "who")
        one = draw.choice([one for one in names(asked) if not one.startswith(told)] or names(asked))
        paper.ask("finding", [], *[way.format(one=one, who="{who}", whose="{whose}") for way in ways])


def background(paper: Paper) -> None:
    """Allergies, histories, symptoms that were denied, follow-up, what is pending."""
    draw = paper.draw
    allergens, reactions = names(ALLERGENS), names(REACTIONS)
    mine = draw.sample(allergens, draw.randint(1, 3))
    lines = list[str]()
    for one in mine:
        reaction = draw.choice(reactions)
        line = paper.add("Allergies", draw.choice([f"{begun(one)} ({reaction})", f"{begun(one)}: {reaction}", f"{one} - {reaction}"]))
        lines.append(line)
        paper.ask("allergy", [line], f"What happens with {one}?", f"Is {{who}} allergic to {one}?", f"reaction to {one}", f"Can {{who}} have {one}?")
    paper.ask("allergy", lines, "Any allergies?", "What is {who} allergic to?", "{whose} allergies", "drug allergies?")
    paper.ask("allergy", [], f"Why was {draw.choice([a for a in allergens if a not in mine])} given despite the allergy?")
    problems = draw.sample(names(HISTORY), draw.randint(4, 8))
    together = draw.random() < 0.5
    if together:
        joined = paper.add("Past medical history", begun(", ".join(problems)) + ".")
    for one in problems:
        line = joined if together else paper.add("Past medical history", begun(one))
        if draw.random() < 0.5:
            short = one.rsplit(" ", 1)[0] if one[-4:].isdigit() else one
            ways = [f"Does {{who}} have a history of {short}?", f"Any history of {short}?", f"Has {{who}} had {short}?"]
            if one[-4:].isdigit():
                ways += [f"When was {{whose}} {short}?", f"what year was the {short}"]
            paper.ask("history", [line], *ways)
    if not together:
        paper.ask("history", [begun(one) for one in problems], "What is {whose} past medical history?", "What chronic conditions does {who} have?")
    for relative, what in zip(draw.sample(names(KIN), 2), draw.sample(names(FAMILY), 2), strict=True):
        line = paper.add("Family history", f"{relative}: {what}{draw.choice(['', ' at 44', ' at 71'])}")
        paper.ask("family", [line], f"Does {what} run in the family?", f"Family history of {what}?", f"What did {{whose}} {relative.lower()} have?")
    denied, present = draw.sample(names(SYMPTOMS), 5), draw.sample(names(SYMPTOMS), 2)
    denied = [one for one in denied if one not in present]
    line = paper.add("Review of systems", f"{draw.choice(['Denies', 'No', 'Negative for'])} {', '.join(denied[:-1])} or {denied[-1]}.")
    other = paper.add("Review of systems", f"{draw.choice(['Reports', 'Positive for', 'Endorses'])} {' and '.join(present)}.")
    for one, gold in ((draw.choice(denied), line), (draw.choice(present), other)):
        paper.ask("symptom", [gold], f"Did {{who}} have {one}?", f"any {one}?", f"{one}?", f"Was there {one}?", f"Does {{who}} complain of {one}?")
    paper.ask("symptom", [], f"How long has {{who}} had {draw.choice([s for s in names(SYMPTOMS) if s not in denied + present])}?")
    booked = draw.sample(names(CLINICS), 3)
    for one in booked:
        when = f"{draw.choice(MONTHS)} {draw.randint(1, 28)}"
        line = paper.add("Follow-up", draw.choice([f"{one}: {when}", f"{one} {when}, {draw.randint(8, 11)}:30", f"{one} in {draw.randint(1, 8)} weeks"]))
        called = draw.choice([one, WORDS_OF.get(one, one).lower()])
        paper.ask("follow-up", [line], f"When does {{who}} see {called}?", f"{called} appointment?", f"When is the {called} follow-up?", f"Does {{who}} have {called} follow up?")
    absent = draw.choice([one for one in names(CLINICS) if one not in booked])
    paper.ask("follow-up", [], f"When is the {absent} appointment?", f"When does {{who}} see {absent}?")
    waiting = draw.sample(names(PENDING), draw.randint(1, 3))
    lines = [paper.add("Pending at discharge", draw.choice([f"{begun(one)}", f"{begun(one)}, to be followed by primary care"])) for one in waiting]
    paper.ask("pending", lines, "What is still pending?", "Any results outstanding?", "pending labs", "Which results do we have to chase?")


TITLES = {
    "note": ("Discharge summary", "Clinic note", "Admission note", "Progress note", "Transfer note", "History and physical"),
    "report": ("CT report", "Ultrasound report", "Radiology report"),
}
ORDERS: tuple[Callable[[Paper], None], ...] = (medications, values, background)


def written(draw: random.Random, title: str, number: str, date: str, lines: dict[str, list[str]]) -> str:
    """A document of the sections, in one style of headings and items."""
    style, item = draw.randrange(4), draw.choice(["", "- ", "* ", "n", "- "])
    parts = [title.upper() if draw.random() < 0.5 else title, f"Patient: {number}", f"Date: {date}", ""]
    order = list(lines)
    draw.shuffle(order)
    for section in order:
        head = [section.upper(), f"{section}:", f"## {section}", section.upper() + ":"][style]
        parts.append(head)
        parts += [(f"{at}. " if item == "n" else item) + line for at, line in enumerate(lines[section], 1)]
        if style != 1 or draw.random() < 0.7:
            parts.append("")
    return "\n".join(parts) + "\n"


def folder(draw: random.Random, name: str, out: Path) -> list[dict[str, Any]]:
    """Writes one patient's documents and gives the questions."""
    paper = Paper(draw, f"P-{draw.randint(1000, 9999)}", draw.random() < 0.5)
    made = {"note": list[str](), "report": list[str]()}
    for part in ORDERS:
        part(paper)
    labelled(paper, "Physical exam", table(EXAM), 9, ["{one}?", "Was there {one} on exam?", "What was found on {one}?", "exam: {one}"], 0.0)
    labelled(paper, "Status", table(TRAITS), 16, ["{one}?", "What about {whose} {one}?", "What is recorded on {one}?", "tell me about {one}", "Is there anything on {one}?"], 0.0)  # fmt: skip
    labelled(paper, "Results", [list(row) for row in table(TESTS)], 7, ["{one} result?", "What did the {one} show?", "How was the {one}?", "findings of the {one}"], 0.0)  # fmt: skip
    made["note"] = list(paper.lines)
    labelled(paper, "Findings", table(IMAGING), 11, ["{one}?", "Is there a {one}?", "Did the scan show {one}?", "Any {one} on imaging?", "radiology: {one}"], 0.15)
    made["report"] = ["Findings"]
    documents = dict[str, str]()
    halves = draw.sample(made["note"], len(made["note"]))
    cut = draw.choice([len(halves), len(halves) // 2])
    groups = [("note", halves[:cut]), ("note", halves[cut:]), ("report", made["report"])]
    home = out / "folders" / name
    home.mkdir(parents=True, exist_ok=True)
    at: dict[str, str] = {}
    for number, (kind, sections) in enumerate(groups):
        if not sections:
            continue
        title = draw.choice(TITLES[kind])
        file = f"{title.lower().replace(' ', '_')}_{number}_{paper.number}.txt"
        date = f"{draw.choice(MONTHS)} {draw.randint(1, 28)}, 20{draw.randint(24, 39)}"
        documents[file] = written(draw, title, paper.number, date, {section: paper.lines[section] for section in sections})
        (home / file).write_text(documents[file])
        for section in sections:
            for line in paper.lines[section]:
                at[line] = file
    rows = []
    for number, (question, gold, kind) in enumerate(draw.sample(paper.questions, min(26, len(paper.questions)))):
        evidence = [{"document": at[line], "quote": line} for line in gold]
        row = {"id": f"{name}-{number:02}", "docs": [f"folders/{name}"], "question": question, "unanswerable": not gold}
        rows.append({**row, "evidence": evidence, "near": [], "kind": kind, "register": "drawn", "needs_all": False})
    return rows


def main() -> None:
    """Writes folders and questions."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--folders", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    a = parser.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    with (a.out / "questions.jsonl").open("w") as file:
        for number in range(a.folders):
            for row in folder(random.Random(a.seed * 10_000 + number), f"n{number:03}", a.out):
                file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
